package io.synod.paxos;

import java.util.List;

/**
 * A slot in which a value may have been chosen by voters of which none that answered knows what it
 * accepted there.
 *
 * @param torn those whose torn tail covers it: they count as having accepted nothing there once
 *     {@code absent} is empty, or by an operator's command
 * @param damaged those that have lost what was durable there
 * @param absent voters that have not answered
 */
public record UnknownSlot(
    Slot slot, List<ServerId> torn, List<ServerId> damaged, List<ServerId> absent) {}
