"""The tables of a town at a tick: people, places, queues, shifts; and of everybody who ever lived there."""

from typing import Final

from townlet.asking.declared.table import TILE, Column, Scope, Table, real, texts, whole, with_number

_VENUE: Final = texts(("venue", "venue that the tile belongs to", "out of doors"))
_NEED: Final = "from 0 to 1; 1 is satisfied"
_TRAIT: Final = "from -1 to 1; fixed at the arrival"

_ASKED: Final[tuple[Column, ...]] = (
    *texts(("option", "what the person has chosen to do, such as eat or work", "nothing was chosen yet")),
    *with_number("target", "place that the option leads to", "the option needs no place"),
    *texts(("doing", "affordance that the person is using, such as cook_meal", "the person uses nothing")),
    *whole(
        ("doing_since", "tick at which that began", "the person uses nothing"),
        ("doing_until", "tick at which that will be over", "the person uses nothing"),
    ),
    *texts(("done_last", "affordance that the person used last", "the person has used nothing yet")),
    *with_number("holds", "place that the person holds", "none is held"),
    *with_number("waits_at", "place that the person waits for", "the person does not wait"),
    *whole(
        ("waits_since", "tick at which the waiting began", "the person does not wait"),
        ("stalls", "failed moves in a row without progress, from 0"),
    ),
)
_WORK: Final[tuple[Column, ...]] = (
    *with_number("job", "job of the person", "the person has no job"),
    *texts(("shift", "pre_shift, on_time, late, absent or post_shift", "the person has no job")),
    *with_number("covers", "person whose shift this one is working", "the person stands in for nobody"),
    *with_number("covered_by", "person who is working this one's shift", "nobody stands in"),
    *texts(("doom", "reason for which the person is about to leave the town", "the person stays")),
)

AGENTS: Final = Table(
    "agents",
    "Everybody who lives in the town, and how they are.",
    Scope.TOWN,
    lambda of: of.town.agents(),
    (
        *whole(
            ("id", "number of the person, for ever this person's"),
        ),
        *texts(("name", "name of the person")),
        *whole(("seat", "number of the seat in the town's record"), ("arrived", "tick of the arrival")),
        *texts(("home", "venue where the person lives")),
        *with_number("bed", "bed of the person"),
        *TILE,
        *_VENUE,
        *real(
            ("hunger", f"how well fed the person is, {_NEED}"),
            ("hygiene", f"how clean the person is, {_NEED}"),
            ("energy", f"how rested the person is, {_NEED}"),
            ("wallet", "money in hand, in basic meals"),
            ("debt", "rent not yet paid, in basic meals"),
        ),
        *whole(
            ("unpaid_days", "days in a row on which rent was left unpaid"),
            ("raw", "raw meals carried"),
            ("meals", "cooked meals carried"),
        ),
        *_ASKED,
        *_WORK,
        *real(
            ("extroversion", f"how much the person likes to talk, {_TRAIT}"),
            ("forgiveness", f"how lightly the person takes harm, {_TRAIT}"),
            ("ambition", f"how hard the person takes rivals at work, {_TRAIT}"),
            ("topic_preference", f"how much the person likes what others talk of, {_TRAIT}"),
        ),
        *whole(("ties", "how many others the person has a tie to")),
    ),
    exported=True,
)

OBJECTS: Final = Table(
    "objects",
    "Every place of the map, who uses it, and what it holds.",
    Scope.TOWN,
    lambda of: of.town.objects(),
    (
        *whole(("id", "number of the place")),
        *texts(
            ("name", "name of the place, such as shower 2 (The Spring)"),
            ("kind", "kind of the place, such as shower or desk"),
            ("venue", "venue that the place belongs to", "out of doors"),
        ),
        *TILE,
        *texts(("affordance", "what the place is used for")),
        *with_number("user", "person who uses the place", "nobody does"),
        *with_number("owner", "person to whom a bed belongs", "nobody, or no bed"),
        *whole(
            ("stock", "portions in stock, from 0", "a place without stock"),
            ("line", "how many people wait for the place"),
        ),
    ),
    exported=True,
)

QUEUES: Final = Table(
    "queues",
    "Everybody who waits for a place, in the order of the line.",
    Scope.TOWN,
    lambda of: of.town.queues(),
    (
        *with_number("object", "place that is waited for"),
        *whole(("position", "position in the line, from 1")),
        *with_number("agent", "person who waits"),
        *whole(("since", "tick at which the waiting began"), ("waited", "ticks waited so far")),
    ),
    exported=True,
)

SHIFTS: Final = Table(
    "shifts",
    "Everybody with a job: its hours, and how its shift of today goes.",
    Scope.TOWN,
    lambda of: of.town.shifts(),
    (
        *with_number("agent", "person who has the job"),
        *with_number("job", "name of the job"),
        *texts(("venue", "venue where the work is done", "out of doors")),
        *with_number("workplace", "desk where the work is done"),
        *whole(
            ("starts", "minute of the day at which the shift starts"),
            ("ends", "minute of the day at which the shift ends"),
        ),
        *texts(
            ("days", "days on which the job is worked: every or weekdays"),
            ("state", "pre_shift, on_time, late, absent or post_shift"),
        ),
        *whole(("worked", "ticks of this shift worked at the own desk")),
        *real(("earned", "wage not yet paid, in basic meals")),
        *with_number("covered_by", "person who works this shift instead", "nobody does"),
        *with_number("covers", "person whose shift this one is working", "nobody's"),
        *whole(
            ("shifts", "shifts that this person was due to work so far, this one included"),
            ("on_time", "shifts of these that the person began in time"),
        ),
    ),
    exported=True,
)

PLACES: Final = Table(
    "places",
    "The places of the map.",
    Scope.MAP,
    lambda of: of.town.places(),
    (
        *whole(("id", "number of the place")),
        *texts(
            ("name", "name of the place, such as shower 2 (The Spring)"),
            ("kind", "kind of the place, such as shower or desk"),
            ("venue_kind", "kind of its venue, such as home or gym"),
        ),
        *TILE,
        *_VENUE,
        *whole(("waiting_places", "how many people can wait for the place")),
    ),
    exported=True,
)

PERSONS: Final = Table(
    "persons",
    "Everybody who ever lived in the town, in the order of their arrival.",
    Scope.HISTORY,
    lambda of: of.persons(),
    (
        *whole(("id", "number of the person")),
        *texts(("name", "name of the person")),
        *whole(("arrived", "tick of the arrival"), ("left", "tick at which the person left", "the person is there")),
    ),
    exported=True,
)
