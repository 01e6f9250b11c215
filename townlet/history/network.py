"""The town as a network, measured with networkx, which comes with `townlet[plot]`. Nothing here is random.

Two graphs: the directed graph of all ties, and the undirected graph of liking. The graph of liking joins two people if
one of them likes the other (trust + familiarity - rivalry above 0); the weight is the sum of both likings above 0.
"""

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from townlet.errors import QueryError

if TYPE_CHECKING:
    import networkx as nx

SEED: Final = 0
"""The seed of Louvain's shuffle: the same town always has the same communities."""

Communities = list[list[int]]


def network(people: pa.Table, ties: pa.Table) -> pa.Table:
    """`measure, value` (float64) of the network; NULL if a measure is undefined, such as the density of one person.

    - `people`, `ties`: nodes and directed edges
    - `density`: ties / (people x (people - 1))
    - `reciprocity`: the share of ties that are returned (Wasserman and Faust 1994, 13)
    - `clustering`: the mean local coefficient of the graph of liking, unweighted (Watts and Strogatz 1998)
    - `communities`, `modularity`: how many `communities` finds, and how well they divide the weighted graph of liking
      (Newman 2004, 10.1103/PhysRevE.70.056131)
    - `average_path_length`: mean number of steps between two people in the largest component of the graph of liking,
      unweighted
    - `isolates`: people without a tie to or from anybody

    Raises QueryError without networkx.
    """
    directed, liking = graphs(people, ties)
    found = _communities(liking)
    measures = {
        "people": directed.number_of_nodes(),
        "ties": directed.number_of_edges(),
        **_tie_measures(directed),
        **_liking_measures(liking, found),
    }
    return pa.table({"measure": list(measures), "value": pa.array(list(measures.values()), pa.float64())})


def communities(people: pa.Table, ties: pa.Table) -> pa.Table:
    """Who belongs together, in the graph of liking: `agent, agent_id, community`, in order of `community` and name.

    Louvain's method (Blondel et al. 2008, 10.1088/1742-5468/2008/10/P10008) with a fixed seed. Communities count from
    1, the largest first; among equally large ones the alphabetically first name decides. Somebody who likes nobody and
    whom nobody likes is a community alone. Raises QueryError without networkx.
    """
    _, liking = graphs(people, ties)
    names = _names(people)
    rows = [
        (number, names[person], person)
        for number, group in enumerate(communities_by_size(liking, names), 1)
        for person in group
    ]
    numbers, agents, persons = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "agent": pa.array(agents, pa.string()),
            "agent_id": pa.array(persons, pa.int64()),
            "community": pa.array(numbers, pa.int64()),
        }
    )


def graphs(people: pa.Table, ties: pa.Table) -> "tuple[nx.DiGraph, nx.Graph]":
    """The graph of ties and the graph of liking; nodes are persons' numbers, in ascending order.

    An edge of the first has `trust, familiarity, rivalry, size, liking`, an edge of the second its `weight`. Raises
    QueryError without networkx.
    """
    nx = networkx()
    directed, liking = nx.DiGraph(), nx.Graph()
    for graph in (directed, liking):
        graph.add_nodes_from(sorted(people.column("id").to_pylist()))
    fields = ("owner_id", "other_id", "trust", "familiarity", "rivalry", "size")
    rows = zip(*(ties.column(name).to_pylist() for name in fields), strict=True)
    for owner, other, trust, familiarity, rivalry, size in sorted(rows):
        likes = trust + familiarity - rivalry
        directed.add_edge(owner, other, trust=trust, familiarity=familiarity, rivalry=rivalry, size=size, liking=likes)
        if likes > 0:
            known = liking.get_edge_data(owner, other, {"weight": 0.0})["weight"]
            liking.add_edge(owner, other, weight=known + likes)
    return directed, liking


def communities_by_size(liking: "nx.Graph", names: dict[int, str]) -> Communities:
    """The communities as lists of persons by name, the largest first, of equals that with the first name."""
    groups = [sorted(group, key=lambda person: names[person]) for group in _communities(liking)]
    return sorted(groups, key=lambda group: (-len(group), names[group[0]]))


def networkx() -> Any:
    """The module networkx. Raises QueryError if it is not installed."""
    try:
        import networkx
    except ImportError as error:
        raise QueryError("this needs networkx, which is not installed. Next: pip install 'townlet[plot]'") from error
    return networkx


def _communities(liking: "nx.Graph") -> Communities:
    if not liking.number_of_edges():
        return [[person] for person in liking]
    groups = networkx().community.louvain_communities(liking, weight="weight", seed=SEED)
    return sorted(sorted(group) for group in groups)


def _tie_measures(directed: "nx.DiGraph") -> dict[str, float | None]:
    nx = networkx()
    return {
        "density": nx.density(directed) if len(directed) > 1 else None,
        "reciprocity": nx.overall_reciprocity(directed) if directed.number_of_edges() else None,
        "isolates": nx.number_of_isolates(directed),
    }


def _liking_measures(liking: "nx.Graph", found: Communities) -> dict[str, float | None]:
    nx = networkx()
    some = liking.number_of_edges() > 0
    largest = max(map(sorted, nx.connected_components(liking)), key=lambda part: (len(part), -part[0]), default=[])
    return {
        "clustering": nx.average_clustering(liking) if len(liking) else None,
        "communities": len(found),
        "modularity": nx.community.modularity(liking, found, weight="weight") if some else None,
        "average_path_length": nx.average_shortest_path_length(liking.subgraph(largest).copy()) if some else None,
    }


def _names(people: pa.Table) -> dict[int, str]:
    return dict(zip(people.column("id").to_pylist(), people.column("name").to_pylist(), strict=True))
