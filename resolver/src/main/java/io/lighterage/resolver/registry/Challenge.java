package io.lighterage.resolver.registry;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1): a scheme and its parameters.
///
/// Scheme and parameter names are compared in lower case. A header may hold several challenges, and quoted values may
/// hold commas; what cannot be read ends the list rather than failing, since an unreadable challenge is one we cannot
/// answer.
///
/// @param scheme lower case, such as `bearer`
/// @param parameters by lower-case name
record Challenge(String scheme, Map<String, String> parameters) {
    /// More parameters than any registry sends; bounds what a hostile header can make us keep.
    private static final int MAX_PARAMETERS = 32;

    Challenge {
        parameters = Map.copyOf(parameters);
    }

    String parameter(String name) {
        return parameters.getOrDefault(name, "");
    }

    /// Every challenge of every header, in order.
    static List<Challenge> parse(List<String> headers) {
        List<Challenge> all = new ArrayList<>();
        for (String header : headers) {
            new Reader(header).readInto(all);
        }
        return all;
    }

    private static final class Reader {
        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        void readInto(List<Challenge> all) {
            skip(" ,\t");
            while (at < text.length() && all.size() < MAX_PARAMETERS) {
                String scheme = token();
                if (scheme.isEmpty()) {
                    return;
                }
                Map<String, String> parameters = new LinkedHashMap<>();
                readParameters(parameters);
                all.add(new Challenge(scheme.toLowerCase(Locale.ROOT), parameters));
                skip(" ,\t");
            }
        }

        /// Reads `name=value` pairs until something that is not one follows: the next scheme, or the end.
        private void readParameters(Map<String, String> parameters) {
            while (parameters.size() < MAX_PARAMETERS) {
                skip(" ,\t");
                int start = at;
                String name = token();
                skip(" \t");
                if (name.isEmpty() || at >= text.length() || text.charAt(at) != '=') {
                    at = start;
                    return;
                }
                at++;
                skip(" \t");
                parameters.putIfAbsent(name.toLowerCase(Locale.ROOT), value());
            }
        }

        private String value() {
            if (at >= text.length() || text.charAt(at) != '"') {
                int start = at;
                while (at < text.length() && " ,\t".indexOf(text.charAt(at)) < 0) {
                    at++;
                }
                return text.substring(start, at);
            }
            StringBuilder quoted = new StringBuilder();
            for (at++; at < text.length() && text.charAt(at) != '"'; at++) {
                if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                    at++;
                }
                quoted.append(text.charAt(at));
            }
            at = Math.min(at + 1, text.length()); // an unclosed quote ends with the header
            return quoted.toString();
        }

        private String token() {
            int start = at;
            while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || isMark(text.charAt(at)))) {
                at++;
            }
            return text.substring(start, at);
        }

        private static boolean isMark(char c) {
            return "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
        }

        private void skip(String set) {
            while (at < text.length() && set.indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }
    }
}
