package io.synod.text;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import org.jline.utils.Levenshtein;

/** What a person meant by a word that there is not. Any thread. */
public final class Nearest {
  /** Letters that are missing, too many, others or swapped. */
  private static final int MOST_MISTAKES = 2;

  private Nearest() {}

  /**
   * The word that comes nearest to what was typed, in any case; none if that takes more than two
   * mistakes, or more than half of what was typed is one.
   */
  public static Optional<String> to(String typed, Collection<String> words) {
    int most = Math.min(MOST_MISTAKES, typed.length() / 2);
    return words.stream()
        .filter(word -> Math.abs(word.length() - typed.length()) <= most)
        .filter(word -> mistakes(typed, word) <= most)
        .min(Comparator.comparingInt(word -> mistakes(typed, word)));
  }

  /** The same as a question in brackets, to be put behind what was typed; empty for none. */
  public static String question(String typed, Collection<String> words) {
    return to(typed, words).map(word -> " (did you mean " + word + "?)").orElse("");
  }

  private static int mistakes(String typed, String word) {
    return Levenshtein.distance(typed.toLowerCase(Locale.ROOT), word.toLowerCase(Locale.ROOT));
  }
}
