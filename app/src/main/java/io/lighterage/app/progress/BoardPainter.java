package io.lighterage.app.progress;

import io.lighterage.app.ByteCount;
import io.lighterage.runtime.ProgressEvent.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// Draws a [Board] as lines of text: one a layer and a footer. Pure.
///
/// ```
/// 3a1f0c9be2d4  downloading  [=======>            ]  12.3 MB / 35.1 MB  8.12 MB/s
/// ```
final class BoardPainter {
    private static final int WIDEST_BAR = 30;
    private static final int NARROWEST_BAR = 6;

    private BoardPainter() {}

    /// @param columns characters a line may have; longer lines would wrap and spoil the redrawing
    /// @param rows lines there is room for, footer included; layers that are done make room first
    static List<String> paint(Board board, int columns, int rows, Instant now) {
        List<String> lines = new ArrayList<>();
        List<Board.Row> shown = fitting(board.rows(), rows - 1);
        for (Board.Row row : shown) {
            lines.add(cut(line(row, columns, now), columns));
        }
        lines.add(cut(footer(board, board.rows().size() - shown.size(), now), columns));
        return lines;
    }

    private static List<Board.Row> fitting(List<Board.Row> rows, int room) {
        if (rows.size() <= room) {
            return rows;
        }
        List<Board.Row> kept = new ArrayList<>(rows);
        for (int i = 0; i < kept.size() && kept.size() > room; ) {
            if (settled(kept.get(i))) {
                kept.remove(i);
            } else {
                i++;
            }
        }
        return kept.subList(0, Math.min(kept.size(), Math.max(room, 0)));
    }

    private static boolean settled(Board.Row row) {
        return switch (row.state()) {
            case EXISTS, DOWNLOADED, UNPACKED, CONVERTED, COMPLETE -> true;
            case RESOLVING, RESOLVED, WAITING, DOWNLOADING, UNPACKING, CONVERTING -> false;
        };
    }

    private static String line(Board.Row row, int columns, Instant now) {
        String head = String.format("%s  %-11s", Subjects.shortened(row.subject()), word(row));
        String tail = tail(row, now);
        int room = columns - head.length() - tail.length() - 6;
        String bar = settled(row) || room < NARROWEST_BAR ? "" : "  " + bar(row, Math.min(room, WIDEST_BAR));
        return head + bar + "  " + tail;
    }

    private static String word(Board.Row row) {
        return switch (row.state()) {
            case WAITING -> "waiting";
            case EXISTS -> "here already";
            case DOWNLOADING -> "downloading";
            case DOWNLOADED -> "downloaded";
            case UNPACKING -> "unpacking";
            case UNPACKED -> "unpacked";
            case CONVERTING -> "converting";
            case CONVERTED -> "converted";
            case RESOLVING, RESOLVED, COMPLETE -> "";
        };
    }

    private static String tail(Board.Row row, Instant now) {
        String size = ByteCount.text(row.size());
        if (row.state() == State.UNPACKED || row.state() == State.CONVERTED) {
            return ByteCount.text(row.unpacked());
        }
        if (row.here() && row.unpacked() > 0) {
            return size + " -> " + ByteCount.text(row.unpacked());
        }
        if (row.here() || row.state() == State.WAITING) {
            return size;
        }
        return ByteCount.text(row.fetched()) + " / " + size + "  " + ByteCount.text(row.rate(now)) + "/s";
    }

    private static String bar(Board.Row row, int width) {
        int filled = row.size() <= 0 ? 0 : (int) (Math.min(row.fetched(), row.size()) * width / row.size());
        return filled >= width
                ? "[" + "=".repeat(width) + "]"
                : "[" + "=".repeat(filled) + ">" + " ".repeat(width - filled - 1) + "]";
    }

    private static String footer(Board board, int hidden, Instant now) {
        String elapsed = ByteCount.seconds(board.elapsed(now).toMillis());
        if (board.rows().isEmpty()) {
            return "resolving " + board.name() + "  " + elapsed;
        }
        String more = hidden == 0 ? "" : "  (" + hidden + " more)";
        return "elapsed " + elapsed + "  total " + ByteCount.text(board.fetched()) + " / "
                + ByteCount.text(board.size()) + more;
    }

    private static String cut(String line, int columns) {
        return line.length() <= columns ? line : line.substring(0, Math.max(columns, 0));
    }
}
