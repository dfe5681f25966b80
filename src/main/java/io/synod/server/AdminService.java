package io.synod.server;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.synod.proto.BackupChunk;
import io.synod.proto.BackupRequest;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ChangeResponse;
import io.synod.proto.ClusterGrpc;
import io.synod.proto.ControlRequest;
import io.synod.proto.ControlResponse;
import io.synod.proto.MoveCoordinatorRequest;
import io.synod.proto.MoveCoordinatorResponse;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service {@code keyvaluestore.Cluster}. Network threads never wait: Status of this server
 * alone is answered from memory, all else by threads of its own.
 */
final class AdminService extends ClusterGrpc.ClusterImplBase {
  private static final Logger LOG = LoggerFactory.getLogger(AdminService.class);

  private static final int MOST_CALLS = 16;
  private static final long KEPT_SECONDS = 5;

  /**
   * How many calls of Status may wait for other servers: those that hang must not take all threads.
   */
  private static final int MOST_ASKING = 2;

  private final StatusService status;
  private final AdminCalls calls;
  private final Backups backups;
  private final Executor executor;
  private final Semaphore asking = new Semaphore(MOST_ASKING);

  /**
   * @param executor may block; rejects when too many calls wait
   */
  AdminService(StatusService status, AdminCalls calls, Backups backups, Executor executor) {
    this.status = status;
    this.calls = calls;
    this.backups = backups;
    this.executor = executor;
  }

  /** Threads for it: made when they are needed, and soon gone again. */
  static ExecutorService threads() {
    return new ThreadPoolExecutor(
        0,
        MOST_CALLS,
        KEPT_SECONDS,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        work -> {
          Thread thread = new Thread(work, "synod-operators");
          thread.setDaemon(true);
          return thread;
        });
  }

  @Override
  public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
    if (request.getOthers() && !AdminGate.WAS_PASSED_ON.get()) {
      statusWithOthers(observer);
      return;
    }
    observer.onNext(status.response());
    observer.onCompleted();
  }

  /**
   * Without the others' word where there is no room or no time to ask for it: Status never fails.
   */
  private void statusWithOthers(StreamObserver<StatusResponse> observer) {
    long millis = momentMillis(Context.current());
    if (millis > 0 && asking.tryAcquire()) {
      ((ServerCallStreamObserver<StatusResponse>) observer).setOnCancelHandler(() -> {});
      try {
        executor.execute(
            () ->
                answer(
                    observer,
                    () -> {
                      StatusResponse found;
                      try {
                        found = calls.withOthers(status.response(), millis);
                      } finally {
                        asking.release();
                      }
                      observer.onNext(found);
                      observer.onCompleted();
                    }));
        return;
      } catch (RejectedExecutionException e) {
        asking.release();
      }
    }
    observer.onNext(status.response());
    observer.onCompleted();
  }

  /** How long others are waited for, at most: the answer has to reach a caller in a hurry, too. */
  private static long momentMillis(Context context) {
    Deadline deadline = context.getDeadline();
    return deadline == null
        ? OtherServers.MOMENT_MILLIS
        : Math.min(OtherServers.MOMENT_MILLIS, deadline.timeRemaining(TimeUnit.MILLISECONDS) / 2);
  }

  @Override
  public void change(ChangeRequest request, StreamObserver<ChangeResponse> observer) {
    carryOut(observer, passedOn -> calls.change(request, passedOn));
  }

  @Override
  public void moveCoordinator(
      MoveCoordinatorRequest request, StreamObserver<MoveCoordinatorResponse> observer) {
    carryOut(observer, passedOn -> calls.move(request, passedOn));
  }

  @Override
  public void control(ControlRequest request, StreamObserver<ControlResponse> observer) {
    carryOut(observer, passedOn -> calls.control(request, passedOn));
  }

  @Override
  public void backup(BackupRequest request, StreamObserver<BackupChunk> observer) {
    ServerCallStreamObserver<BackupChunk> receiver =
        (ServerCallStreamObserver<BackupChunk>) observer;
    Semaphore ready = new Semaphore(0);
    receiver.setOnReadyHandler(ready::release);
    receiver.setOnCancelHandler(ready::release);
    execute(
        receiver,
        () -> {
          backups.send(receiver, ready);
          receiver.onCompleted();
        });
  }

  /** What a call does. */
  private interface Work<R> {
    R run(boolean passedOn) throws StatusException;
  }

  private <R> void carryOut(StreamObserver<R> observer, Work<R> work) {
    boolean passedOn = AdminGate.WAS_PASSED_ON.get();
    ((ServerCallStreamObserver<R>) observer).setOnCancelHandler(() -> {});
    execute(
        observer,
        () -> {
          observer.onNext(work.run(passedOn));
          observer.onCompleted();
        });
  }

  private void execute(StreamObserver<?> observer, Answer answer) {
    try {
      executor.execute(Context.current().wrap(() -> answer(observer, answer)));
    } catch (RejectedExecutionException e) {
      observer.onError(
          Status.RESOURCE_EXHAUSTED
              .withDescription("too many requests wait")
              .withCause(e)
              .asException());
    }
  }

  private static void answer(StreamObserver<?> observer, Answer answer) {
    try {
      answer.make();
    } catch (StatusException e) {
      observer.onError(e);
    } catch (RuntimeException e) {
      // One call that goes wrong must not leave its caller without an answer.
      LOG.error("an operator's call failed", e);
      observer.onError(Status.INTERNAL.withDescription(e.toString()).withCause(e).asException());
    }
  }

  /** Answers a call, whole. */
  private interface Answer {
    void make() throws StatusException;
  }
}
