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
 * <p>To be read in this order: {@link io.synod.paxos.Reception} hands each message to the role that
 * it is for. Every server is an {@link io.synod.paxos.Acceptor} and a {@link
 * io.synod.paxos.Learner}; {@link io.synod.paxos.Pings} keep {@link io.synod.paxos.Peers} up to
 * date, by which the {@link io.synod.paxos.Election} says when to take a ballot. Whoever has one
 * ({@link io.synod.paxos.OwnBallot}) is a {@link io.synod.paxos.Coordinator}: phase 1 is its {@link
 * io.synod.paxos.Preparation} with the {@link io.synod.paxos.Promises}, phase 2 its {@link
 * io.synod.paxos.Pipeline}, which {@link io.synod.paxos.Delivery} brings to the members, and reads
 * are answered by its {@link io.synod.paxos.ReadPoints}. Who the members are to be is worked out by
 * {@link io.synod.paxos.Administration}, {@link io.synod.paxos.Replacement} and {@link
 * io.synod.paxos.DynamicQuorum}; the first ones found the cluster in a {@link
 * io.synod.paxos.FoundingRound}.
 *
 * <p>Depends on the JDK's collections and on nothing of ours. Everything else may use its value
 * types.
 */
@NullMarked
package io.synod.paxos;

import org.jspecify.annotations.NullMarked;
