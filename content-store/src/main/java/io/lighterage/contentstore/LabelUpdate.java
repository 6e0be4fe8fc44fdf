package io.lighterage.contentstore;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;

/// A change of labels.
public sealed interface LabelUpdate {
    /// @param present the labels there are
    /// @return those there are then; ones with an empty value count as absent
    Map<String, String> apply(Map<String, String> present);

    /// In place of all others.
    record Replace(Map<String, String> labels) implements LabelUpdate {
        public Replace {
            labels = Map.copyOf(labels);
        }

        @Override
        public Map<String, String> apply(Map<String, String> present) {
            return labels;
        }
    }

    /// Of some keys only.
    ///
    /// @param keys which
    /// @param labels their values; a key that is not among them is removed
    record Patch(Set<String> keys, Map<String, String> labels) implements LabelUpdate {
        public Patch {
            keys = Set.copyOf(keys);
            labels = Map.copyOf(labels);
        }

        @Override
        public Map<String, String> apply(Map<String, String> present) {
            Map<String, String> result = new HashMap<>(present);
            keys.forEach(key -> result.put(key, labels.getOrDefault(key, "")));
            return result;
        }
    }

    /// Another change, which leaves some labels as they are.
    ///
    /// @param change the other one
    /// @param owned which labels, by their key and all labels there are before
    record Keeping(LabelUpdate change, BiPredicate<String, Map<String, String>> owned) implements LabelUpdate {
        @Override
        public Map<String, String> apply(Map<String, String> present) {
            Map<String, String> result = new HashMap<>(change.apply(present));
            result.keySet().removeIf(key -> owned.test(key, present));
            present.forEach((key, value) -> {
                if (owned.test(key, present)) {
                    result.put(key, value);
                }
            });
            return result;
        }
    }
}
