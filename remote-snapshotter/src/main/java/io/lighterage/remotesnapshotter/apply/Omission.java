package io.lighterage.remotesnapshotter.apply;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Something a layer asks for that was left out without failing, summed up.
///
/// @param kind what was left out
/// @param count how many times
/// @param firstExample the first entry concerned, and what exactly, for people
public record Omission(Kind kind, long count, String firstExample) {
    /// What was left out.
    public enum Kind {
        /// An owner or group that this process may not give.
        OWNER("owners not set"),
        /// Set-uid and set-gid bits of files whose owner could not be set: they would grant the wrong user's rights.
        SET_ID("set-uid/set-gid bits dropped with the owner"),
        /// A device node that this process may not make.
        DEVICE("device nodes not made"),
        /// An extended attribute that the file system does not have or this process may not set.
        XATTR("extended attributes not set"),
        /// `trusted.*` and `user.overlay.*`, which a layer never gets to set.
        FORBIDDEN_XATTR("reserved extended attributes ignored");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        /// For people.
        public String words() {
            return words;
        }
    }

    /// Sums up the omissions of several layers, one line a kind, in the order they first occur.
    public static List<String> sum(List<Omission> all) {
        Map<Kind, Omission> kinds = new LinkedHashMap<>();
        for (Omission one : all) {
            kinds.merge(one.kind(), one, (a, b) -> new Omission(a.kind(), a.count() + b.count(), a.firstExample()));
        }
        return kinds.values().stream().map(Omission::toString).toList();
    }

    @Override
    public String toString() {
        return count + " " + kind.words() + " (first: " + firstExample + ")";
    }
}
