"""What people do in company: talk, and pass news on."""
