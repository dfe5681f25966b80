package io.synod.transport.grpc;

import io.synod.paxos.Address;
import java.io.IOException;
import java.nio.channels.UnresolvedAddressException;

/** What goes wrong with ports, for a person. */
public final class Ports {
  private Ports() {}

  /**
   * The failure to listen, in words that do not differ from transport to transport.
   *
   * @param forWhom who would call there, as in "clients"
   */
  public static IOException cannotListen(String forWhom, Address listen, IOException failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    String said = String.valueOf(cause.getMessage());
    String why = said;
    // Linux's own numbers: that is all that the native transport gives.
    if (said.contains("(-98)") || said.contains("in use")) {
      why = "the port is in use by another program";
    } else if (said.contains("(-99)") || said.contains("annot assign")) {
      why = "that is no address of this machine";
    } else if (said.contains("(-13)") || said.contains("ermission denied")) {
      why = "the system does not permit it";
    } else if (cause instanceof UnresolvedAddressException) {
      why = "no host of that name is known";
    } else if (cause.getMessage() == null) {
      why = cause.getClass().getSimpleName();
    }
    return new IOException(
        "cannot listen for " + forWhom + " on port " + listen.port() + " (" + listen + "): " + why,
        failure);
  }
}
