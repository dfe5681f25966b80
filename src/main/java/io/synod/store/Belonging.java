package io.synod.store;

import io.synod.paxos.ClusterId;
import io.synod.paxos.MembershipInForce;

/**
 * Whose state it is.
 *
 * @param membership in force after the last slot that is applied
 */
public record Belonging(ClusterId cluster, MembershipInForce membership) {}
