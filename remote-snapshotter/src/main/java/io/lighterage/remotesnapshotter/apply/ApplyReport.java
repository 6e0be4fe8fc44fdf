package io.lighterage.remotesnapshotter.apply;

import java.util.List;

/// What applying a layer did.
///
/// @param entries tar entries seen, whiteouts included
/// @param files regular files written
/// @param fileBytes logical bytes of those files, holes included
/// @param tarBytes uncompressed bytes of the whole stream, to the last one
/// @param omissions what was left out, one for each kind, empty when the tree is exactly what the layer says
public record ApplyReport(long entries, long files, long fileBytes, long tarBytes, List<Omission> omissions) {
    public ApplyReport {
        omissions = List.copyOf(omissions);
    }
}
