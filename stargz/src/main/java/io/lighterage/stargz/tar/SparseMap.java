package io.lighterage.stargz.tar;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The data segments of a sparse file while they are read: offset, length, offset, length, …
final class SparseMap {
    private long[] numbers = new long[0];
    private int count;

    void clear() {
        count = 0;
    }

    /// Whether the last number was an offset.
    boolean awaitsLength() {
        return count % 2 == 1;
    }

    void add(long number, TarHeader header) {
        if (count == 2 * TarFormat.MAX_SPARSE_SEGMENTS) {
            throw tooMany(header, "more than " + TarFormat.MAX_SPARSE_SEGMENTS);
        }
        if (count == numbers.length) {
            numbers = Arrays.copyOf(numbers, Math.max(64, 2 * count));
        }
        numbers[count++] = number;
    }

    /// Reads the map of type `S`: four pairs in the header, further ones in blocks after it.
    ///
    /// @return length of the file with its holes
    long readGnu(TarHeader header, TarInput input) {
        clear();
        long size = header.gnuRealSize();
        boolean more = header.addPairs(this, TarFormat.GNU_SPARSE, TarFormat.GNU_SPARSE_PAIRS, TarFormat.GNU_EXTENDED);
        TarHeader extension = new TarHeader();
        while (more) {
            extension.loaded(input.position());
            if (input.read(extension.block(), 0, TarFormat.BLOCK) < TarFormat.BLOCK) {
                throw input.cut("inside the sparse map of the entry at " + header.offset());
            }
            more = extension.addPairs(this, 0, TarFormat.GNU_MORE_PAIRS, TarFormat.GNU_MORE_EXTENDED);
        }
        return size;
    }

    /// Reads the map of PAX version 1.0: lines of decimal numbers before the data, the first their count of pairs,
    /// padded to whole blocks.
    void readPayload(TarHeader header, TarPayload payload) {
        clear();
        byte[] block = new byte[TarFormat.BLOCK];
        long wanted = -1;
        long number = 0;
        int digits = 0;
        while (wanted < 0 || count < 2 * wanted) {
            payload.takeBlock(block, header);
            for (int i = 0; i < block.length && (wanted < 0 || count < 2 * wanted); i++) {
                if (block[i] != '\n') {
                    number = appended(number, ++digits, block[i], header);
                    continue;
                }
                if (digits == 0) {
                    throw header.invalid("the sparse map has an empty line", "a decimal number on each");
                }
                if (wanted >= 0) {
                    add(number, header);
                } else if (number > TarFormat.MAX_SPARSE_SEGMENTS) {
                    throw tooMany(header, "" + number);
                } else {
                    wanted = number;
                }
                number = 0;
                digits = 0;
            }
        }
    }

    private static long appended(long number, int digits, byte next, TarHeader header) {
        int digit = next - '0';
        // 18 digits always fit in 63 bits, and no file is an exabyte long
        if (digit < 0 || digit > 9 || digits > 18) {
            throw header.invalid(
                    "the sparse map has a line that is not a number", "decimal numbers of up to 18 digits");
        }
        return number * 10 + digit;
    }

    private static ImageException tooMany(TarHeader header, String count) {
        return new ImageException(
                ErrorKind.INVALID,
                "reading the sparse file at offset " + header.offset() + ": it has " + count
                        + " segments of data; the limit is " + TarFormat.MAX_SPARSE_SEGMENTS
                        + ". Write the layer without sparse files");
    }

    /// The segments that hold bytes, or, when none does, one of no bytes at the end of the file.
    ///
    /// @param size length of the file with its holes
    /// @param stored bytes of data in the archive
    /// @throws ImageException INVALID when segments overlap, lie outside the file or do not add up to `stored`
    List<TarEntry.Segment> segments(long size, long stored, TarHeader header) {
        if (size < 0) {
            throw header.invalid("the sparse file does not say its size", "a size of 0 or more");
        }
        if (awaitsLength()) {
            throw header.invalid("the sparse map ends with an offset", "a length after it");
        }
        List<TarEntry.Segment> segments = new ArrayList<>(count / 2);
        long at = 0;
        long sum = 0;
        for (int i = 0; i < count; i += 2) {
            long offset = numbers[i];
            long length = numbers[i + 1];
            if (offset < at || length < 0 || length > size - offset) {
                throw header.invalid(
                        "sparse segment " + i / 2 + " is " + length + " bytes at " + offset,
                        "it to begin at " + at + " or later and to end within the file's " + size + " bytes");
            }
            at = offset + length;
            sum += length;
            if (length > 0) {
                segments.add(new TarEntry.Segment(offset, length));
            }
        }
        if (sum != stored) {
            throw header.invalid(
                    "the sparse segments hold " + sum + " bytes", "the " + stored + " bytes stored in the archive");
        }
        if (segments.isEmpty()) {
            segments.add(new TarEntry.Segment(size, 0));
        }
        return segments;
    }
}
