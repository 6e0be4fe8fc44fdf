package io.lighterage.stargz.tar;

import io.lighterage.stargz.RawName;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One entry of a layer's tar stream after PAX, GNU and base-256 have been resolved.
///
/// @param name path as it stands in the archive, not cleaned
/// @param type what the entry creates
/// @param linkName target of a symlink (verbatim) or hard link (an archive path), else empty
/// @param mode permission bits, `mode & 07777`
/// @param uid owner, 0..2^32-2
/// @param gid group, 0..2^32-2
/// @param size logical length of a regular file in bytes (holes included), else 0
/// @param modifySeconds seconds since the epoch, may be negative
/// @param modifyNanos 0..999,999,999
/// @param deviceMajor of a device node
/// @param deviceMinor of a device node
/// @param xattrs names to values, from `SCHILY.xattr.` records, in archive order
/// @param sparse data segments of a sparse file in order, not overlapping; bytes outside are zero. Empty for a dense
///     file; a file that is one hole has one segment of no bytes at its end
public record TarEntry(
        RawName name,
        Type type,
        RawName linkName,
        int mode,
        long uid,
        long gid,
        long size,
        long modifySeconds,
        int modifyNanos,
        long deviceMajor,
        long deviceMinor,
        Map<RawName, RawName> xattrs,
        List<Segment> sparse) {
    public TarEntry {
        xattrs = xattrs.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(xattrs));
        sparse = List.copyOf(sparse);
    }

    /// What an entry creates. Other tar types are refused or skipped by the reader.
    public enum Type {
        REGULAR,
        HARD_LINK,
        SYMLINK,
        CHARACTER_DEVICE,
        BLOCK_DEVICE,
        DIRECTORY,
        FIFO
    }

    /// Data bytes `[offset, offset + length)` of a sparse file.
    public record Segment(long offset, long length) {}
}
