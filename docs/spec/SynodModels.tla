---------------------------- MODULE SynodModels ----------------------------
(* The constants of the models: who is there, and which memberships there are.  The .cfg files
   choose among them. *)
EXTENDS Synod, TLC

CONSTANTS a, b, c, d, e

\* Nobody comes back with a new disk, unless said.
NoNewLife == [i \in Incarnations |-> i]
NewLifeOfC == [i \in Incarnations |-> IF i = d THEN c ELSE i]

CommandOf == [n \in Ballots |-> <<"x", "y", "z">>[n]]

OwnedByA == [n \in Ballots |-> a]
OwnedByAC == [n \in Ballots |-> <<a, c, a>>[n]]
OwnedByAB == [n \in Ballots |-> <<a, b, a>>[n]]
OwnedByADA == [n \in Ballots |-> <<a, d, a>>[n]]

StaticMembers == [m \in {"m0"} |-> {a, b, c}]
StaticPredecessor == [m \in {"m0"} |-> "m0"]

\* Two leave, one joins.
MoveMembers == [m \in {"m0", "m1"} |-> IF m = "m0" THEN {a, b, c} ELSE {c, d}]
\* One leaves, one joins; also what replaces c by its new life d.
SwapMembers == [m \in {"m0", "m1"} |-> IF m = "m0" THEN {a, b, c} ELSE {a, b, d}]
\* Everybody leaves.
HandOverMembers == [m \in {"m0", "m1"} |-> IF m = "m0" THEN {a} ELSE {d}]
\* c loses its vote for now, and gets it back.
StandbyMembers == [m \in {"m0", "m1", "m2"} |-> IF m = "m1" THEN {a, b} ELSE {a, b, c}]
StandbyPredecessor == [m \in {"m0", "m1", "m2"} |-> IF m = "m2" THEN "m1" ELSE "m0"]
OnePredecessor == [m \in {"m0", "m1"} |-> "m0"]

\* c is replaced by its new life d, then a by e; or e joins at once.
WalkMembers ==
    [m \in {"m0", "m1", "m2", "m3"} |->
       CASE m = "m0" -> {a, b, c}
         [] m = "m1" -> {a, b, d}
         [] m = "m2" -> {b, d, e}
         [] OTHER -> {a, b, c, e}]
WalkPredecessor == [m \in {"m0", "m1", "m2", "m3"} |-> IF m = "m2" THEN "m1" ELSE "m0"]

ABSymmetry == Permutations({a, b})
ABCSymmetry == Permutations({a, b, c})
=============================================================================
