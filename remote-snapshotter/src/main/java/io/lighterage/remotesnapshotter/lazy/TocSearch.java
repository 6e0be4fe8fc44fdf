package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.stargz.format.VerifiedLayer;

/// What came of looking for a table of contents outside its layer.
sealed interface TocSearch {
    /// It was found, and is the one that the layer's descriptor names.
    record Found(VerifiedLayer layer) implements TocSearch {}

    /// There is none that could be used.
    ///
    /// @param why half a sentence for people
    record Absent(String why) implements TocSearch {}
}
