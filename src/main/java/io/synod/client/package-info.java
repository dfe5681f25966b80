/**
 * The client library: blocking and asynchronous calls to a list of servers, of which any can
 * answer. {@link io.synod.client.SynodClient} is the entrance.
 *
 * <p>What it promises: a write is sent again only if it certainly had no effect, unless the caller
 * asked for more ({@link io.synod.client.Retries}); a write of which nobody knows whether it was
 * done is reported as that ({@link io.synod.client.UnknownOutcomeException}); reads move on freely.
 *
 * <p>Thread-safe. Asynchronous results are completed on network threads, which must not be blocked.
 *
 * <p>Depends on generated code only, and shows none of it: what callers see is the records here.
 */
@NullMarked
package io.synod.client;

import org.jspecify.annotations.NullMarked;
