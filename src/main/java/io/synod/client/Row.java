package io.synod.client;

import com.google.protobuf.ByteString;

/** A key and its value, as a listing shows it. */
public record Row(ByteString key, ByteString value) {}
