------------------------------- MODULE Synod -------------------------------
(***************************************************************************)
(* Multi-Paxos with membership change as Synod does it: what acceptors,    *)
(* learners and coordinators may do, in any order, and what must hold.     *)
(*                                                                         *)
(* An acceptor is one INCARNATION: one life of a data directory.  Its      *)
(* state is durable; messages are never taken back, so that the network    *)
(* may delay, reorder, repeat and lose them: a Promise or an Accepted that *)
(* was sent stays in promises or matched for ever, and whoever it is for   *)
(* may use it at any later time, or never.  Liveness is not modelled.      *)
(*                                                                         *)
(* Rules are those of the protocol's rule list; R1, R2, R3 are the three   *)
(* rules of a membership change:                                           *)
(*   R1  behind a membership nothing is proposed until a majority of the   *)
(*       old and of the new one have accepted it at this ballot;           *)
(*   R2  a slot needs promises at this ballot of so many members that      *)
(*       know it that the others are no majority of what is in force there;*)
(*   R3  those it dropped go on answering until a majority of the new one  *)
(*       has written down that it is chosen.                               *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Incarnations,  \* every life of a data directory that may occur
    FirstLife,     \* [Incarnations -> Incarnations]: the first life of the same server
    MaxSlot,       \* slots are 1..MaxSlot
    MaxBallot,     \* ballots are 1..MaxBallot, each with one owner
    Owner,         \* [Ballots -> Incarnations]: who coordinates at a ballot
    Own,           \* [Ballots -> value]: what that coordinator proposes in a free slot
    Members,       \* [Memberships -> SUBSET Incarnations]; "m0" is the founding one
    Predecessor,   \* [Memberships -> Memberships]: the one that it changes
    MayChange,     \* ballots at which a membership may be proposed
    MayLearn,      \* incarnations that learn from Inform
    MayFetch,      \* incarnations that fetch chosen values, or a snapshot
    MayCut,        \* incarnations that cut their log behind a snapshot
    MayRestart,    \* incarnations that crash and restart with their disk
    MayLose,       \* incarnations that may lose their disk
    MayDamage,     \* incarnations that may lose a part of their log, once
    MayRetire,     \* incarnations that may retire when a membership dropped them
    Mutant         \* the planted defect; "none" is the protocol

VARIABLES
    promised,      \* [Incarnations -> ballot, 0 for none]
    accepted,      \* [Incarnations -> [Slots -> [ballot, value]]]
    applied,       \* [Incarnations -> sequence of values]: its chosen prefix
    cut,           \* [Incarnations -> slot]: its log begins after this slot
    lost,          \* incarnations whose disk is gone
    unknown,       \* [Incarnations -> ballot]: what it accepted up to there may be lost; 0: none, or Settled
    retired,       \* those that retired: [who, slot and name of the membership that dropped it]
    first,         \* [Ballots -> slot]: the first slot proposed at it, 0 while it only prepares
    log,           \* [Ballots -> sequence of values]: chosen before first, proposed from there on
    promises,      \* [Ballots -> [Incarnations -> report]]: each Promise ever sent
    matched        \* [Ballots -> [Incarnations -> slot]]: the furthest Accepted ever sent

acceptorState == <<promised, accepted, applied, cut>>
coordinatorState == <<first, log>>
vars == <<promised, accepted, applied, cut, lost, unknown, retired, first, log, promises, matched>>

Slots == 1..MaxSlot
Ballots == 1..MaxBallot
Memberships == DOMAIN Members
Settled == -1
Nothing == [ballot |-> 0, value |-> "-"]
EmptyLog == [s \in Slots |-> Nothing]
NoReport == [chosen |-> -1, accepted |-> EmptyLog, unknown |-> FALSE]
EmptyReport == [chosen |-> 0, accepted |-> EmptyLog, unknown |-> FALSE]

Max(S) == CHOOSE x \in S : \A y \in S : y <= x
Min(S) == CHOOSE x \in S : \A y \in S : y >= x
Prefix(l, n) == SubSeq(l, 1, n)

-----------------------------------------------------------------------------
(* Who is there *)

IsLost(a) == a \in lost /\ Mutant # "VoteAfterLostDisk"

IsRetired(a) == \E r \in retired : r.who = a

(* A server whose disk is gone comes back as a new incarnation, never as the old one. *)
IsAlive(a) ==
    /\ ~IsLost(a)
    /\ ~IsRetired(a)
    /\ FirstLife[a] # a => FirstLife[a] \in lost

IsUnknown(a) == unknown[a] > 0

(* A quorum is a majority of the members, whoever of them answers. *)
IsMajority(Q, C) ==
    IF Mutant = "QuorumOffByOne" THEN 2 * Cardinality(Q) + 1 >= Cardinality(C)
                                 ELSE 2 * Cardinality(Q) > Cardinality(C)

(* The members of C that have a vote in S: each counts only from the incarnation that C names
   (rule 5).  The mutant asks for the server only. *)
Votes(C, S) ==
    IF Mutant = "CountByServer" THEN {m \in C : \E a \in S : FirstLife[a] = FirstLife[m]}
                                ELSE C \cap S

IsQuorum(S, C) == IsMajority(Votes(C, S), C)

(* Those of C that are not in S are no quorum of it: every quorum has one in S.  With an odd number
   of members that is a quorum, too. *)
IsEnough(S, C) ==
    IF Mutant = "QuorumOffByOne" THEN IsQuorum(S, C) ELSE ~IsMajority(C \ Votes(C, S), C)

(* The membership in force behind the last slot of l.  One whose predecessor is not in force does
   nothing. *)
RECURSIVE InForce(_)
InForce(l) ==
    IF l = <<>> THEN "m0"
    ELSE LET before == InForce(Prefix(l, Len(l) - 1))
             value == l[Len(l)]
         IN  IF value \in Memberships /\ value # "m0" /\ Predecessor[value] = before
             THEN value ELSE before

IsMembershipChange(l, s) == InForce(Prefix(l, s)) # InForce(Prefix(l, s - 1))

-----------------------------------------------------------------------------
(* What follows from the messages sent *)

HasAccepted(b, s) == {a \in Incarnations : matched[b][a] >= s}

(* A quorum of the membership in force there has accepted the slot at this ballot. *)
IsChosen(b, s) ==
    /\ first[b] > 0 /\ s \in first[b]..Len(log[b])
    /\ IsQuorum(HasAccepted(b, s), Members[InForce(Prefix(log[b], s - 1))])

(* R1 *)
IsThroughBarrier(b, s) ==
    /\ IsChosen(b, s)
    /\ Mutant = "OldMajorityOnly" \/ IsQuorum(HasAccepted(b, s), Members[InForce(Prefix(log[b], s))])

IsCounted(b, s) ==
    /\ IsChosen(b, s)
    /\ IsMembershipChange(log[b], s) => IsThroughBarrier(b, s)

(* What the coordinator at b may say is chosen: what it counted itself (rule 1). *)
MayInform(b, s) ==
    /\ first[b] > 0
    /\ \/ s <= Len(log[b]) /\ \A t \in first[b]..s : IsCounted(b, t)
       \/ Mutant = "InformsOfLearned" /\ IsAlive(Owner[b]) /\ s <= Len(applied[Owner[b]])

(* Behind its chosen prefix everything up to here is accepted by a at b. *)
MatchedUpTo(a, b) ==
    Max({k \in Len(applied[a])..MaxSlot :
           \A s \in (Len(applied[a]) + 1)..k : accepted[a][s].ballot = b})

(* Who gets the messages of the coordinator at b. *)
Receivers(b) ==
    LET l == IF first[b] = 0 THEN applied[Owner[b]] ELSE log[b]
    IN  Members["m0"] \cup UNION {Members[l[s]] : s \in {t \in 1..Len(l) : l[t] \in Memberships}}

-----------------------------------------------------------------------------
(* Acceptors *)

(* Phase 1b.  The report names the chosen prefix; what is accepted behind it is told (rule 10). *)
Promise(a, b) ==
    /\ IsAlive(a) /\ a \in Receivers(b)
    /\ b >= promised[a]
    /\ promises[b][a] = NoReport
    /\ promised' = [promised EXCEPT ![a] = b]
    /\ promises' = [promises EXCEPT ![b][a] =
         [chosen |-> Len(applied[a]),
          accepted |-> [s \in Slots |-> IF s > Len(applied[a]) THEN accepted[a][s] ELSE Nothing],
          unknown |-> IsUnknown(a)]]
    /\ UNCHANGED <<accepted, applied, cut, lost, unknown, retired, coordinatorState, matched>>

(* Phase 2b, in slot order.  What was accepted in the slots above stays. *)
Accept(a, b) ==
    LET s == MatchedUpTo(a, b) + 1
    IN  /\ IsAlive(a) /\ a \in Receivers(b)
        /\ b >= promised[a]
        /\ first[b] > 0 /\ s \in first[b]..Len(log[b])
        /\ promised' = [promised EXCEPT ![a] = b]
        /\ accepted' = [accepted EXCEPT ![a] = [t \in Slots |->
             CASE t = s -> [ballot |-> b, value |-> log[b][s]]
               [] t > s /\ Mutant = "AcceptTruncatesAbove" -> Nothing
               [] OTHER -> @[t]]]
        /\ matched' = [matched EXCEPT ![b][a] = Max({@, s})]
        /\ UNCHANGED <<applied, cut, lost, unknown, retired, coordinatorState, promises>>

(* What it knows to be chosen counts as accepted: a matched slot is one number for a prefix. *)
Acknowledge(a, b) ==
    LET s == Min({MatchedUpTo(a, b), Len(log[b])})
    IN  /\ IsAlive(a) /\ a \in Receivers(b)
        /\ b >= promised[a]
        /\ first[b] > 0 /\ s >= first[b] /\ s > matched[b][a]
        /\ promised' = [promised EXCEPT ![a] = b]
        /\ matched' = [matched EXCEPT ![b][a] = Max({@, s})]
        /\ UNCHANGED <<accepted, applied, cut, lost, unknown, retired, coordinatorState, promises>>

-----------------------------------------------------------------------------
(* Learners *)

(* The coordinator at b says that the next slot is chosen; the learner takes what it accepted there
   for the chosen value if that bears the same ballot (rule 1). *)
LearnFromInform(a, b) ==
    LET s == Len(applied[a]) + 1
    IN  /\ a \in MayLearn /\ IsAlive(a)
        /\ s \in Slots /\ MayInform(b, s)
        /\ IF Mutant = "InformOfAnotherBallot" THEN accepted[a][s] # Nothing
                                               ELSE accepted[a][s].ballot = b
        /\ applied' = [applied EXCEPT ![a] = Append(@, accepted[a][s].value)]
        /\ UNCHANGED <<promised, accepted, cut, lost, unknown, retired, coordinatorState,
                       promises, matched>>

(* The next chosen value comes from another's log.  The higher of the two ballots stays. *)
Fetch(a, c) ==
    LET s == Len(applied[a]) + 1
        ballot == Max({accepted[a][s].ballot, accepted[c][s].ballot})
    IN  /\ a \in MayFetch /\ IsAlive(a) /\ IsAlive(c)
        /\ Len(applied[c]) >= s /\ cut[c] < s
        /\ applied' = [applied EXCEPT ![a] = Append(@, applied[c][s])]
        /\ accepted' = [accepted EXCEPT ![a][s] = [ballot |-> ballot, value |-> applied[c][s]]]
        /\ promised' = [promised EXCEPT ![a] = Max({@, ballot})]
        /\ UNCHANGED <<cut, lost, unknown, retired, coordinatorState, promises, matched>>

(* A snapshot covers the chosen prefix, and the log is cut behind it. *)
CutLog(a) ==
    /\ a \in MayCut /\ IsAlive(a)
    /\ cut[a] < Len(applied[a])
    /\ cut' = [cut EXCEPT ![a] = Len(applied[a])]
    /\ accepted' = [accepted EXCEPT ![a] =
         [s \in Slots |-> IF s <= Len(applied[a]) THEN Nothing ELSE @[s]]]
    /\ UNCHANGED <<promised, applied, lost, unknown, retired, coordinatorState, promises, matched>>

(* What is missing was cut there: the snapshot is taken instead.  What was accepted above it
   stays. *)
InstallSnapshot(a, c) ==
    /\ a \in MayFetch /\ IsAlive(a) /\ IsAlive(c)
    /\ cut[c] > Len(applied[a])
    /\ applied' = [applied EXCEPT ![a] = Prefix(applied[c], cut[c])]
    /\ cut' = [cut EXCEPT ![a] = cut[c]]
    /\ accepted' = [accepted EXCEPT ![a] =
         [s \in Slots |-> IF s <= cut[c] THEN Nothing ELSE @[s]]]
    /\ UNCHANGED <<promised, lost, unknown, retired, coordinatorState, promises, matched>>

-----------------------------------------------------------------------------
(* Coordinators *)

(* The value for the next slot: what the reports of R bind it to, or a free one. *)
ValuesFor(b, s, R, inForce) ==
    LET told == {promises[b][a].accepted[s] : a \in R} \ {Nothing}
        ballots == {t.ballot : t \in told}
        ballot == IF Mutant = "AdoptLowest" THEN Min(ballots) ELSE Max(ballots)
    IN  IF told # {} THEN {t.value : t \in {u \in told : u.ballot = ballot}}
        ELSE {Own[b]} \cup
             {m \in Memberships \ {"m0"} :
                /\ b \in MayChange
                /\ Predecessor[m] = inForce
                /\ \A a \in Members[m] : IsAlive(a)}

(* Rule 3: who lost a part of its log tells what is left of it, and counts as nobody. *)
Knowing(b, R) == {a \in R : ~promises[b][a].unknown \/ Mutant = "UnknownIsNothing"}

(* Rule 10: a slot that an acceptor counted on reports as chosen is fetched, never proposed. *)
IsFree(b, s, R) ==
    \/ Mutant = "CutIsFree"
    \/ Mutant = "BarrierIgnoresChosen" /\ first[b] > 0 /\ s > first[b]
    \/ \A a \in R : promises[b][a].chosen < s

(* The mutant takes a membership of its own that its server learned to be chosen for one that is
   through the barrier of this ballot, and goes on with the promises of the old one. *)
IsOpened(b, t) ==
    /\ Mutant = "LearnedOpensBarrier"
    /\ first[b] > 0 /\ t <= Len(applied[Owner[b]])
    /\ IsMembershipChange(log[b], t)

IsOpenedBehind(b) == first[b] > 0 /\ \E t \in first[b]..Len(log[b]) : IsOpened(b, t)

(* Phase 2a for the slot after the last.  Before the first one, everything chosen was fetched. *)
Propose(b) ==
    LET l == IF first[b] = 0 THEN applied[Owner[b]] ELSE log[b]
        s == Len(l) + 1
        inForce == InForce(l)
    IN  /\ IsAlive(Owner[b])
        /\ s <= MaxSlot
        /\ \/ Mutant = "NoBarrier" \/ first[b] = 0
           \/ \A t \in first[b]..Len(l) : IsMembershipChange(l, t) =>
                IsThroughBarrier(b, t) \/ IsOpened(b, t)
        /\ \E R \in SUBSET {a \in Incarnations : promises[b][a] # NoReport} :
             /\ \/ IsEnough(Knowing(b, R), Members[inForce])  \* R2
                \/ IsOpenedBehind(b) /\ IsQuorum(R, Members[InForce(Prefix(l, first[b] - 1))])
             /\ IsFree(b, s, R)
             /\ \E value \in ValuesFor(b, s, R, inForce) : log' = [log EXCEPT ![b] = Append(l, value)]
        /\ first' = [first EXCEPT ![b] = IF @ = 0 THEN s ELSE @]
        /\ UNCHANGED <<acceptorState, lost, unknown, retired, promises, matched>>

-----------------------------------------------------------------------------
(* Faults, and leaving *)

(* Promise and acceptances are durable.  The chosen prefix may be lost back to the cut, but not
   behind a membership: that one is written down before the server acts on it. *)
Restart(a) ==
    LET memberships == {s \in 1..Len(applied[a]) : IsMembershipChange(applied[a], s)}
        kept == Max({cut[a]} \cup memberships)
    IN  /\ a \in MayRestart /\ IsAlive(a)
        /\ applied' = [applied EXCEPT ![a] = Prefix(@, kept)]
        /\ promised' = [promised EXCEPT ![a] =
             IF Mutant = "PromiseForgotten" THEN Max({accepted[a][s].ballot : s \in Slots}) ELSE @]
        /\ UNCHANGED <<accepted, cut, lost, unknown, retired, coordinatorState, promises, matched>>

(* A coordinator that restarts has lost its proposals and never acts at that ballot again, which is
   the same as doing nothing.  The mutant takes the ballot once more. *)
ReuseBallot(b) ==
    /\ Mutant = "BallotReused"
    /\ first[b] > 0
    /\ log' = [log EXCEPT ![b] = <<>>]
    /\ first' = [first EXCEPT ![b] = 0]
    /\ UNCHANGED <<acceptorState, lost, unknown, retired, promises, matched>>

(* Everything that the incarnation promised, accepted and applied is gone. *)
LoseDisk(a) ==
    /\ a \in MayLose \ lost /\ IsAlive(a)
    /\ lost' = lost \cup {a}
    /\ promised' = [promised EXCEPT ![a] = 0]
    /\ accepted' = [accepted EXCEPT ![a] = EmptyLog]
    /\ applied' = [applied EXCEPT ![a] = <<>>]
    /\ cut' = [cut EXCEPT ![a] = 0]
    /\ UNCHANGED <<unknown, retired, coordinatorState, promises, matched>>

(* The end of its log is gone, synced or not; the promise has copies elsewhere (rule 3). *)
LoseRecords(a) ==
    /\ a \in MayDamage /\ IsAlive(a)
    /\ unknown[a] = 0 /\ promised[a] > 0
    /\ \E s \in cut[a]..(MaxSlot - 1) :
         /\ accepted[a][s + 1] # Nothing
         /\ accepted' = [accepted EXCEPT ![a] = [t \in Slots |-> IF t > s THEN Nothing ELSE @[t]]]
         /\ applied' = [applied EXCEPT ![a] = Prefix(@, Min({s, Len(@)}))]
    /\ unknown' = [unknown EXCEPT ![a] = promised[a]]
    /\ UNCHANGED <<promised, cut, lost, retired, coordinatorState, promises, matched>>

(* What was lost does not matter any more once a command of a higher ballot's own is in the chosen
   prefix: its coordinator found nothing chosen from there on, without this acceptor's word. *)
Settle(a) ==
    /\ IsUnknown(a)
    /\ \E b \in Ballots, s \in 1..Len(applied[a]) :
         /\ applied[a][s] = Own[b]
         /\ b > unknown[a] \/ Mutant = "SettledByAnyBallot"
    /\ unknown' = [unknown EXCEPT ![a] = Settled]
    /\ UNCHANGED <<acceptorState, lost, retired, coordinatorState, promises, matched>>

(* R3.  The directory may be deleted after it. *)
Retire(a) ==
    LET l == applied[a]
        leaving == {s \in 1..Len(l) : /\ a \in Members[InForce(Prefix(l, s - 1))]
                                      /\ a \notin Members[InForce(Prefix(l, s))]}
    IN  /\ a \in MayRetire /\ IsAlive(a)
        /\ leaving # {} /\ a \notin Members[InForce(l)]
        /\ LET s == Max(leaving)
               m == InForce(Prefix(l, s))
           IN  /\ \/ Mutant = "RetireEarly"
                  \/ IsQuorum({c \in Incarnations : IsAlive(c) /\ Len(applied[c]) >= s}, Members[m])
               /\ retired' = retired \cup {[who |-> a, slot |-> s, membership |-> m]}
        /\ promised' = [promised EXCEPT ![a] = 0]
        /\ accepted' = [accepted EXCEPT ![a] = EmptyLog]
        /\ applied' = [applied EXCEPT ![a] = <<>>]
        /\ cut' = [cut EXCEPT ![a] = 0]
        /\ UNCHANGED <<lost, unknown, coordinatorState, promises, matched>>

-----------------------------------------------------------------------------

(* At the lowest ballot there is nothing below it to report: its promises are given at the start,
   which leaves out no behaviour that matters and many states. *)
Init ==
    /\ promised = [a \in Incarnations |-> 0]
    /\ accepted = [a \in Incarnations |-> EmptyLog]
    /\ applied = [a \in Incarnations |-> <<>>]
    /\ cut = [a \in Incarnations |-> 0]
    /\ lost = {}
    /\ unknown = [a \in Incarnations |-> 0]
    /\ retired = {}
    /\ first = [b \in Ballots |-> 0]
    /\ log = [b \in Ballots |-> <<>>]
    /\ promises = [b \in Ballots |-> [a \in Incarnations |->
                     IF b = 1 THEN EmptyReport ELSE NoReport]]
    /\ matched = [b \in Ballots |-> [a \in Incarnations |-> 0]]

Next ==
    \/ \E b \in Ballots :
         \/ Propose(b)
         \/ ReuseBallot(b)
         \/ \E a \in Incarnations :
              Promise(a, b) \/ Accept(a, b) \/ Acknowledge(a, b) \/ LearnFromInform(a, b)
    \/ \E a \in Incarnations :
         \/ CutLog(a) \/ Restart(a) \/ LoseDisk(a) \/ LoseRecords(a) \/ Settle(a) \/ Retire(a)
         \/ \E c \in Incarnations \ {a} : Fetch(a, c) \/ InstallSnapshot(a, c)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* What must hold in every state *)

TypeOK ==
    /\ promised \in [Incarnations -> 0..MaxBallot]
    /\ \A a \in Incarnations : cut[a] <= Len(applied[a]) /\ Len(applied[a]) <= MaxSlot
    /\ \A b \in Ballots : first[b] > 0 => first[b] <= Len(log[b]) /\ Len(log[b]) <= MaxSlot

(* A slot never has two chosen values, whoever counts it, learns it or installs it. *)
AgreementPerSlot ==
    /\ \A b, c \in Ballots, s \in Slots :
         IsChosen(b, s) /\ IsChosen(c, s) => log[b][s] = log[c][s]
    /\ \A a \in Incarnations, s \in Slots :
         s <= Len(applied[a]) =>
           /\ \A c \in Incarnations : s <= Len(applied[c]) => applied[a][s] = applied[c][s]
           /\ \A b \in Ballots : IsChosen(b, s) => applied[a][s] = log[b][s]

OneValuePerBallotSlot ==
    \A a, c \in Incarnations, s \in Slots :
      accepted[a][s].ballot = accepted[c][s].ballot => accepted[a][s] = accepted[c][s]

AcceptNotBelowPromise ==
    \A a \in Incarnations, s \in Slots : accepted[a][s].ballot <= promised[a]

(* Accepted without a hole behind the cut, and not shorter than what is applied. *)
ContiguousAccept ==
    \A a \in Incarnations, s \in Slots :
      IF s <= cut[a] THEN accepted[a][s] = Nothing
      ELSE /\ accepted[a][s] # Nothing => s = cut[a] + 1 \/ accepted[a][s - 1] # Nothing
           /\ s <= Len(applied[a]) => accepted[a][s].value = applied[a][s]

(* Nothing is proposed behind a membership that is not through its barrier. *)
NoProposalPastBarrier ==
    \A b \in Ballots : first[b] > 0 =>
      \A s \in first[b]..(Len(log[b]) - 1) :
        IsMembershipChange(log[b], s) =>
          /\ 2 * Cardinality(HasAccepted(b, s) \cap Members[InForce(Prefix(log[b], s - 1))])
               > Cardinality(Members[InForce(Prefix(log[b], s - 1))])
          /\ 2 * Cardinality(HasAccepted(b, s) \cap Members[InForce(Prefix(log[b], s))])
               > Cardinality(Members[InForce(Prefix(log[b], s))])

(* The memberships that any two servers saw in force are the same chain, one longer than the
   other. *)
Chain(l) == [n \in 0..Len(l) |-> InForce(Prefix(l, n))]
MembershipChain ==
    \A a, c \in Incarnations : \A n \in 0..MaxSlot :
      n <= Len(applied[a]) /\ n <= Len(applied[c]) => Chain(applied[a])[n] = Chain(applied[c])[n]

Survivors == {a \in Incarnations : a \notin lost /\ ~IsRetired(a) /\ ~IsUnknown(a)}

Holds(a, s, value) ==
    (s <= Len(applied[a]) /\ applied[a][s] = value) \/ accepted[a][s].value = value

(* Whatever is chosen is held in every quorum of survivors: of the membership that chose it, and
   of each later one that a coordinator went on with or somebody learned. *)
AckedWriteSurvives ==
    \A b \in Ballots, s \in Slots : IsChosen(b, s) =>
      LET later == UNION {{InForce(Prefix(log[c], t)) : t \in s..(Len(log[c]) - 1)} : c \in Ballots}
          learned == UNION {{InForce(Prefix(applied[a], t)) : t \in s..Len(applied[a])}
                              : a \in Incarnations}
      IN  \A m \in {InForce(Prefix(log[b], s - 1))} \cup later \cup learned :
            \A Q \in SUBSET (Members[m] \cap Survivors) :
              IsMajority(Q, Members[m]) => \E a \in Q : Holds(a, s, log[b][s])

(* No vote of an incarnation outlives its disk. *)
AmnesiacNeverVotes ==
    \A a \in lost : promised[a] = 0 /\ accepted[a] = EmptyLog /\ applied[a] = <<>>

(* R3: without those that retired, no quorum of the new membership is left that does not know of
   it and could only ask the old one. *)
RetiredNotNeeded ==
    \A r \in retired : \A Q \in SUBSET (Members[r.membership] \cap Survivors) :
      IsMajority(Q, Members[r.membership]) => \E a \in Q : Len(applied[a]) >= r.slot

(* What must hold in every step *)

Stays(a) == a \notin lost' /\ {r \in retired' : r.who = a} = {}

PromiseMonotonic == [][\A a \in Incarnations : Stays(a) => promised'[a] >= promised[a]]_vars

(* After a promise nothing below it is accepted; a fetched value is chosen, and exempt. *)
PromiseKept ==
    [][\A a \in Incarnations, s \in Slots :
         Stays(a) /\ unknown'[a] = unknown[a] /\ accepted'[a][s] # accepted[a][s] =>
           \/ accepted'[a][s].ballot >= promised[a]
           \/ s <= Len(applied'[a])]_vars

AcceptedNeverForgotten ==
    [][\A a \in Incarnations, s \in Slots :
         Stays(a) /\ unknown'[a] = unknown[a] /\ s > cut'[a] =>
           accepted'[a][s].ballot >= accepted[a][s].ballot]_vars

(* A chosen value never changes, at one server or at one ballot. *)
ChosenStability ==
    [][/\ \A a \in Incarnations, s \in Slots :
            s <= Len(applied[a]) /\ s <= Len(applied'[a]) => applied'[a][s] = applied[a][s]
       /\ \A b \in Ballots, s \in Slots :
            IsChosen(b, s) => IsChosen(b, s)' /\ log'[b][s] = log[b][s]]_vars
=============================================================================
