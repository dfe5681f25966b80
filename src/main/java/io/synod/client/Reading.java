package io.synod.client;

import com.google.protobuf.ByteString;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a read returned.
 *
 * @param value empty if the key is absent
 * @param server that answered
 * @param appliedSlot of a local read: how far that server had applied
 */
public record Reading(Optional<ByteString> value, ServerAddress server, OptionalLong appliedSlot) {}
