package io.synod.paxos;

import java.util.List;

/**
 * A slot in which a value may have been accepted that no quorum knows of.
 *
 * @param torn those whose torn tail covers it: they count as having accepted nothing there once
 *     {@code absent} is empty, or by an operator's command
 * @param damaged those that have lost what was durable there
 * @param absent voters that have not answered
 */
public record UnknownSlot(
    Slot slot, List<ServerId> torn, List<ServerId> damaged, List<ServerId> absent) {}
