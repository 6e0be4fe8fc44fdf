package io.lighterage.remotesnapshotter.apply;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Counts omissions by kind. Owned by one thread.
final class OmissionLog {
    private final Map<Omission.Kind, Omission> byKind = new EnumMap<>(Omission.Kind.class);

    void note(Omission.Kind kind, EntryPath entry, String what) {
        Omission before = byKind.get(kind);
        byKind.put(
                kind,
                before == null
                        ? new Omission(kind, 1, entry + ": " + what)
                        : new Omission(kind, before.count() + 1, before.firstExample()));
    }

    List<Omission> toList() {
        return new ArrayList<>(byKind.values());
    }
}
