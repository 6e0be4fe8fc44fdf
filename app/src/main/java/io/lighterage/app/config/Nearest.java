package io.lighterage.app.config;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Finds what somebody meant.
final class Nearest {
    /// No key is longer; a longer word is like none, and comparing costs its square.
    private static final int MAX_WORD = 64;

    private Nearest() {}

    /// The word that is fewest edits away: at most two, or a third of it. A key that is right but in the wrong table
    /// is found by its last part.
    static Optional<String> of(String word, List<String> known) {
        if (word.length() > MAX_WORD) {
            return Optional.empty();
        }
        String plain = plain(word);
        Optional<String> near = known.stream()
                .min(Comparator.comparingInt(candidate -> distance(plain, plain(candidate))))
                .filter(found -> distance(plain, plain(found)) <= Math.max(2, plain.length() / 3));
        String name = last(plain);
        return near.or(() -> known.stream()
                .min(Comparator.comparingInt(candidate -> distance(name, last(plain(candidate)))))
                .filter(found -> distance(name, last(plain(found))) <= Math.min(2, name.length() / 3)));
    }

    private static String plain(String word) {
        return word.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String last(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    /// Levenshtein's: insertions, removals and replacements.
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
