package io.lighterage.runtime;

import io.lighterage.runtime.bundle.RunResult;
import io.lighterage.stargz.RawName;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What a start read.
///
/// @param image the image's name
/// @param run what became of its container
/// @param ready from the reference to the end of the run: the line, when one was waited for and came
/// @param report how the mount's reads went; empty for an eager start
/// @param reads what was read, in the order of the first reads
/// @param bytesNeeded compressed bytes of all chunks that were read: what a start must fetch at least
public record Recorded(
        String image,
        RunResult run,
        Duration ready,
        Optional<MountReport> report,
        List<FileRead> reads,
        long bytesNeeded) {
    public Recorded {
        reads = List.copyOf(reads);
    }

    /// What was read of one file until another was read. A file may have several.
    ///
    /// @param path as in its layer, without leading slash
    /// @param ranges what was read of it and not before, in the order of the reads
    public record FileRead(RawName path, List<Range> ranges) {
        public FileRead {
            ranges = List.copyOf(ranges);
        }

        long bytes() {
            return ranges.stream().mapToLong(Range::length).sum();
        }
    }

    /// Bytes `[offset, offset + length)` of a file.
    public record Range(long offset, long length) {}

    /// Uncompressed bytes that were read, each counted once.
    public long bytesTouched() {
        return reads.stream().mapToLong(FileRead::bytes).sum();
    }

    /// The files that were read, in the order of the first reads.
    public List<RawName> files() {
        return reads.stream().map(FileRead::path).distinct().toList();
    }

    /// The list that `convert` takes: for each read the path, a tab, and the ranges as `offset+length`, joined by
    /// commas.
    public byte[] priorityList() {
        ByteArrayOutputStream list = new ByteArrayOutputStream();
        list.writeBytes(("# what a start of " + image + " reads, in order\n").getBytes(StandardCharsets.UTF_8));
        for (FileRead read : reads) {
            list.writeBytes(read.path().toBytes());
            char before = '\t';
            for (Range range : read.ranges()) {
                list.writeBytes(
                        (before + "" + range.offset() + "+" + range.length()).getBytes(StandardCharsets.US_ASCII));
                before = ',';
            }
            list.write('\n');
        }
        return list.toByteArray();
    }
}
