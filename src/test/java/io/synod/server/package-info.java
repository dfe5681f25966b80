/**
 * Configuration by tables, the client service over in-process gRPC with the node played by the
 * test.
 */
@NullMarked
package io.synod.server;

import org.jspecify.annotations.NullMarked;
