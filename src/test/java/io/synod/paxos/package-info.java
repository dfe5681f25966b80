/** Role tests, paper tests and directed scenarios of the protocol core. */
@NullMarked
package io.synod.paxos;

import org.jspecify.annotations.NullMarked;
