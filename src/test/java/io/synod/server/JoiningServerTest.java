package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.synod.node.OperatorRequest;
import io.synod.paxos.Address;
import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipChange;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Outlook;
import io.synod.paxos.Slot;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ClusterGrpc;
import io.synod.proto.ControlRequest;
import io.synod.proto.StatusRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the address brings that an operator names, over real sockets; server 0 coordinates. */
@Timeout(60)
class JoiningServerTest {
  private static final Optional<String> TOKEN = Optional.of("a-long-secret");

  private final List<PlayedServer> servers = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    for (int i = 0; i < 3; i++) {
      servers.add(played(i));
    }
    List<Member> members = servers.stream().map(PlayedServer::member).toList();
    for (int i = 0; i < 3; i++) {
      servers.get(i).status = PlayedServer.status(i, members, Optional.of(0));
    }
    Membership any = new Membership(Slot.of(3), members);
    Outlook outlook = new Outlook(3, 2, 1, List.of());
    servers.get(0).node =
        request -> new ChangeAnswer.Done(1, new MembershipInForce(Slot.of(22), any), outlook);
  }

  @AfterEach
  void stop() {
    channels.forEach(ManagedChannel::shutdownNow);
    servers.forEach(PlayedServer::close);
  }

  private static PlayedServer played(int i) throws IOException {
    return new PlayedServer(i, PlayedServer.status(i, List.of(), Optional.empty()), TOKEN);
  }

  private ClusterGrpc.ClusterBlockingStub coordinator() {
    Address address = servers.get(0).address();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(address.host(), address.port()).usePlaintext().build();
    channels.add(channel);
    return ClusterGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  private static ChangeRequest add(String address) {
    return ChangeRequest.newBuilder().setAdd(address).build();
  }

  private void assertAskedToAdd(Member expected) {
    OperatorRequest.Change change = (OperatorRequest.Change) servers.get(0).asked.get(0);
    assertEquals(new MembershipChange.Add(expected, PlayedServer.SUPPORTED), change.change());
  }

  /** Votes that it forgot would count twice. */
  @Test
  void aCopyOfAMembersDirectoryIsRefusedAndBothAreNamed() throws IOException {
    ClusterGrpc.ClusterBlockingStub stub = coordinator();
    try (PlayedServer copy = played(2)) {
      ChangeRequest add = add(copy.address().toString());
      StatusRuntimeException e = assertThrows(StatusRuntimeException.class, () -> stub.change(add));
      assertEquals(Status.Code.FAILED_PRECONDITION, e.getStatus().getCode());
      assertEquals(
          "server 2 runs at "
              + servers.get(2).address()
              + " and answers there: the one at "
              + copy.address()
              + " runs on a copy of its directory (life "
              + copy.incarnation()
              + "); stop that, or start it with an empty directory and an id of its own",
          e.getStatus().getDescription());
      assertTrue(servers.get(0).asked.isEmpty());
    }
  }

  @Test
  void aMemberThatMovedIsTakenAtItsNewAddress() throws IOException {
    servers.get(2).close();
    try (PlayedServer moved = played(2)) {
      Object unused = coordinator().change(add(moved.address().toString()));
      assertAskedToAdd(moved.member().withRole(Member.Role.LEARNER));
    }
  }

  /** As a host name in place of an IP address. */
  @Test
  void aMemberThatIsCalledByAnotherNameIsTakenByThat() {
    Address other = new Address("::ffff:127.0.0.1", servers.get(2).address().port());
    Object unused = coordinator().change(add(other.toString()));
    Member known = servers.get(2).member();
    assertAskedToAdd(
        new Member(
            known.server(),
            known.incarnation(),
            other,
            known.clientAddress(),
            Member.Role.LEARNER));
  }

  @Test
  void theTokenIsShownToMembersThatCarrySomethingOutAndToNobodyElse() throws IOException {
    ClusterGrpc.ClusterBlockingStub stub = coordinator();
    try (PlayedServer joining = played(5)) {
      Object unused = stub.change(add(joining.address().toString()));
      unused = stub.status(StatusRequest.newBuilder().setOthers(true).build());
      assertTrue(joining.tokens.size() >= 2, joining.tokens::toString);
      for (PlayedServer asked : List.of(joining, servers.get(1), servers.get(2))) {
        assertTrue(asked.tokens.stream().allMatch(Optional::isEmpty), asked.tokens::toString);
      }
    }
    ControlRequest snapshot = ControlRequest.newBuilder().setServerId(1).setSnapshot(true).build();
    Object unused = stub.control(snapshot);
    List<Optional<String>> shown = servers.get(1).tokens;
    assertEquals(TOKEN, shown.get(shown.size() - 1));
  }
}
