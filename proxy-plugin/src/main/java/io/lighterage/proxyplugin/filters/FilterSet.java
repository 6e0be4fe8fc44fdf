package io.lighterage.proxyplugin.filters;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.List;

/// Filters of which one has to match, each a row of conditions which all have to hold.
public final class FilterSet {
    /// Containerd sends one, people at a shell a handful.
    static final int MOST_FILTERS = 64;

    /// A condition on a label of the longest kind, several times.
    static final int LONGEST_FILTER = 16 << 10;

    private final List<List<Selector>> alternatives;

    private FilterSet(List<List<Selector>> alternatives) {
        this.alternatives = alternatives;
    }

    /// @param filters an empty one matches everything
    /// @throws ImageException INVALID when one cannot be understood, saying where
    public static FilterSet parse(List<String> filters) {
        if (filters.size() > MOST_FILTERS) {
            throw new ImageException(
                    ErrorKind.INVALID, filters.size() + " filters are too many; expected at most " + MOST_FILTERS);
        }
        for (String filter : filters) {
            if (filter.length() > LONGEST_FILTER) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "a filter has " + filter.length() + " characters; expected at most " + LONGEST_FILTER);
            }
        }
        return new FilterSet(
                filters.stream().map(filter -> new FilterParser(filter).parse()).toList());
    }

    /// Whether one of the filters does, or there is none.
    public boolean matches(Fields fields) {
        return alternatives.isEmpty()
                || alternatives.stream()
                        .anyMatch(selectors -> selectors.stream().allMatch(selector -> selector.matches(fields)));
    }
}
