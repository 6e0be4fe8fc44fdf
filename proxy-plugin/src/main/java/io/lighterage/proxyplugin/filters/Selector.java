package io.lighterage.proxyplugin.filters;

import com.google.re2j.Pattern;
import java.util.List;

/// One condition on one field.
sealed interface Selector {
    boolean matches(Fields fields);

    /// The field is there.
    record Present(List<String> path) implements Selector {
        public Present {
            path = List.copyOf(path);
        }

        @Override
        public boolean matches(Fields fields) {
            return fields.value(path).isPresent();
        }
    }

    /// The field is there and has this value.
    record Equal(List<String> path, String value) implements Selector {
        public Equal {
            path = List.copyOf(path);
        }

        @Override
        public boolean matches(Fields fields) {
            return fields.value(path).filter(value::equals).isPresent();
        }
    }

    /// The field is not there, or has another value.
    record Different(List<String> path, String value) implements Selector {
        public Different {
            path = List.copyOf(path);
        }

        @Override
        public boolean matches(Fields fields) {
            return fields.value(path).filter(value::equals).isEmpty();
        }
    }

    /// The field is there and the pattern is found in it.
    record Matching(List<String> path, Pattern pattern) implements Selector {
        public Matching {
            path = List.copyOf(path);
        }

        @Override
        public boolean matches(Fields fields) {
            return fields.value(path)
                    .filter(value -> pattern.matcher(value).find())
                    .isPresent();
        }
    }
}
