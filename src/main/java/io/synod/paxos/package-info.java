/**
 * The protocol: Multi-Paxos as a deterministic function of its inputs.
 *
 * <p>One entrance, {@link io.synod.paxos.Paxos#step}. It holds no thread, lock, clock, file, socket
 * or random source; whoever calls it brings time, messages and what the journal reports, and
 * carries out what comes back. It is confined to one thread.
 *
 * <table>
 *   <caption>How a server stands in a cluster that is open; protocol.md has the rules</caption>
 *   <tr><th>it is</th><th>on</th><th>does</th><th>and is then</th></tr>
 *   <tr><td>follower</td><td>no content server heard, a quorum heard, a turn of its own
 *       ({@link io.synod.paxos.Election})</td><td>BallotTaken, Prepare to all</td><td>preparing</td></tr>
 *   <tr><td>preparing</td><td>a quorum of whole Promises
 *       ({@link io.synod.paxos.Preparation})</td><td>Propose what they report, then itself</td><td>recovering</td></tr>
 *   <tr><td>recovering</td><td>a quorum of Accepted for "coordinator = me"
 *       ({@link io.synod.paxos.Pipeline})</td><td>Inform, batches</td><td>coordinating</td></tr>
 *   <tr><td>preparing, recovering, coordinating</td><td>no progress, no quorum that follows it, a disk that hangs, no
 *       vote, forgotten votes, a higher ballot that acts ({@link io.synod.paxos.OwnBallot})</td><td>SteppedDown</td><td>follower</td></tr>
 *   <tr><td>preparing, recovering, coordinating</td><td>a higher ballot that is promised or followed and whose owner does not act
 *       (protocol-rules.md, 22)</td><td>BallotTaken above it, Prepare</td><td>preparing</td></tr>
 *   <tr><td>coordinating</td><td>a voter that stays in doubt about slots that its log may lack
 *       (protocol-rules.md, 3)</td><td>BallotTaken above its own, Prepare</td><td>preparing</td></tr>
 *   <tr><td>any</td><td>Prepare or Propose at or above its promise
 *       ({@link io.synod.paxos.Acceptor})</td><td>Promise, Accepted, once durable</td><td>the same</td></tr>
 *   <tr><td>any</td><td>Inform or Ping of its ballot, Fetched
 *       ({@link io.synod.paxos.Learner})</td><td>hands over what is chosen</td><td>the same</td></tr>
 * </table>
 *
 * <table>
 *   <caption>Messages and records ({@link io.synod.paxos.JournalRecord}); {@link io.synod.paxos.Message} has their fields</caption>
 *   <tr><th>message</th><th>from</th><th>to</th><th>durable before it leaves</th></tr>
 *   <tr><td>Ping, Pong</td><td>every member</td><td>every member, and back</td>
 *       <td>nothing; Pong is a vote for reads all the same: what it reports of the promise is durable</td></tr>
 *   <tr><td>Prepare</td><td>candidate</td><td>members</td>
 *       <td>BallotTaken</td></tr>
 *   <tr><td>Promise</td><td>acceptor</td><td>candidate</td>
 *       <td>Promised, and all that it reports</td></tr>
 *   <tr><td>Refused</td><td>acceptor</td><td>whose ballot is below its promise</td>
 *       <td>nothing</td></tr>
 *   <tr><td>Propose, Inform</td><td>coordinator</td><td>members</td>
 *       <td>nothing</td></tr>
 *   <tr><td>Accepted</td><td>acceptor</td><td>coordinator</td>
 *       <td>ValueAccepted of each slot up to there</td></tr>
 *   <tr><td>Missing</td><td>acceptor, before a gap</td><td>coordinator</td>
 *       <td>nothing</td></tr>
 *   <tr><td>TakeOver</td><td>coordinator that hands over</td><td>its successor</td>
 *       <td>nothing</td></tr>
 *   <tr><td>Fetch, Fetched</td><td>whoever lacks chosen values</td><td>any member, and back</td>
 *       <td>nothing</td></tr>
 *   <tr><td>ReadPointRequest, ReadPoint, ReadPointRefused</td><td>a server with reads</td><td>coordinator, and back</td>
 *       <td>nothing</td></tr>
 *   <tr><td>LeaseGiven</td><td>acceptor</td><td>coordinator that asked for it by Ping</td>
 *       <td>LeasesGiven</td></tr>
 *   <tr><td>LeaseReturned</td><td>coordinator that gives its lease up</td><td>acceptors</td>
 *       <td>nothing</td></tr>
 *   <tr><td>VotesCast</td><td>acceptor</td><td>members</td>
 *       <td>all records of the votes that it tells of, and ChosenUpTo</td></tr>
 *   <tr><td>VotesSeenRequest, VotesSeen</td><td>a server that has started</td><td>members, and back</td>
 *       <td>nothing</td></tr>
 *   <tr><td>Meet, Found</td><td>a server that has not opened; the founder</td><td>all in its list</td>
 *       <td>nothing</td></tr>
 *   <tr><td>FoundingSynced</td><td>who was asked by Found</td><td>founder</td>
 *       <td>FoundingPrepared</td></tr>
 *   <tr><td>FoundingOpened</td><td>founder, or an open server</td><td>all in its list</td>
 *       <td>FoundingInForce</td></tr>
 * </table>
 *
 * <p>To be read in this order: {@link io.synod.paxos.Reception} hands each message to the role that
 * it is for. Every server is an {@link io.synod.paxos.Acceptor} and a {@link
 * io.synod.paxos.Learner}; {@link io.synod.paxos.Pings} keep {@link io.synod.paxos.Peers} up to
 * date, by which the {@link io.synod.paxos.Election} says when to take a ballot. Whoever has one
 * ({@link io.synod.paxos.OwnBallot}) is a {@link io.synod.paxos.Coordinator}: phase 1 is its {@link
 * io.synod.paxos.Preparation} with the {@link io.synod.paxos.Promises}, phase 2 its {@link
 * io.synod.paxos.Pipeline}, which {@link io.synod.paxos.Delivery} brings to the members, and reads
 * are answered by its {@link io.synod.paxos.ReadPoints}. Who the members are to be is worked out by
 * {@link io.synod.paxos.Administration}, {@link io.synod.paxos.Replacement} and {@link
 * io.synod.paxos.DynamicQuorum}, and by which version all behave by {@link io.synod.paxos.Upgrade};
 * the first members found the cluster in a {@link io.synod.paxos.FoundingRound}. What a {@link
 * io.synod.paxos.Witness} does is in that class, what a coordinator does for it in {@link
 * io.synod.paxos.WitnessCare}.
 *
 * <p>Depends on the JDK's collections and on nothing of ours. Everything else may use its value
 * types.
 */
@NullMarked
package io.synod.paxos;

import org.jspecify.annotations.NullMarked;
