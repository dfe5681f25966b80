package io.synod.transport;

/** How much room a server's disk has, from the most to the least. */
public enum DiskLevel {
  /** Nothing to say. */
  ENOUGH,
  /** A person should know. */
  LOW,
  /** What is left is for what this server has to write by itself, and for what frees room. */
  SHORT,
  /** What is left is for what keeps the server a member: nothing of clients is written any more. */
  FULL
}
