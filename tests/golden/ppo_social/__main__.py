"""Write the golden figures of a training anew: `python -m tests.golden.ppo_social`. Read their diff first."""

from tests.golden.ppo_social.drift import main

main()
