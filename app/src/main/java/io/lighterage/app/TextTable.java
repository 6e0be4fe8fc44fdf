package io.lighterage.app;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Columns of text, each as wide as its widest cell.
public final class TextTable {
    private static final String GAP = "   ";

    private final List<String[]> rows = new ArrayList<>();

    public TextTable(String... headings) {
        rows.add(headings);
    }

    /// Adds a row; it has as many cells as there are headings.
    public void add(String... cells) {
        rows.add(cells);
    }

    /// The table, headings first, without trailing blanks.
    public List<String> lines() {
        int[] widths = new int[rows.getFirst().length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private static String line(String[] row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.length; i++) {
            line.append(row[i]).repeat(' ', widths[i] - row[i].length()).append(GAP);
        }
        return line.toString().stripTrailing();
    }

    @Override
    public String toString() {
        return Arrays.deepToString(rows.toArray());
    }
}
