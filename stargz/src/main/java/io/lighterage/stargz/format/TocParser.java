package io.lighterage.stargz.format;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.tar.TarFormat;
import java.io.InputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/// Reads the JSON of a table of contents, `{"version":1,"entries":[…]}`, item by item. Fields that we do not know
/// are passed over; those that we know must be of their kind, or null, which is as absent.
final class TocParser {
    /// An item holds an object of attributes, and that is as deep as it goes; what we pass over may be deeper.
    private static final int MAX_DEPTH = 16;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxDocumentLength(TocLimits.MAX_BYTES)
                    .maxStringLength(TocLimits.MAX_TEXT)
                    .maxNameLength(TocLimits.MAX_NAME)
                    .build())
            .build();

    private final String what;
    private final TocEntries entries;
    private int items;

    /// @param what names the table in failures
    TocParser(String what, TocEntries entries) {
        this.what = what;
        this.entries = entries;
    }

    /// @throws ImageException INVALID when it is not such JSON, or whatever the entries throw
    void parse(InputStream text) {
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), text)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw invalid("it is not a JSON object");
            }
            document(json);
            if (json.nextToken() != null) {
                throw invalid("something follows the JSON object");
            }
            entries.finish();
        } catch (JacksonException e) {
            throw new ImageException(ErrorKind.INVALID, what + " is not valid: " + e.getOriginalMessage(), e);
        }
    }

    private void document(JsonParser json) {
        long version = 0;
        boolean seen = false;
        for (String key = json.nextName(); key != null; key = json.nextName()) {
            JsonToken value = json.nextToken();
            if (key.equalsIgnoreCase("version") && value == JsonToken.VALUE_NUMBER_INT) {
                version = json.getLongValue();
            } else if (key.equalsIgnoreCase("entries") && value == JsonToken.START_ARRAY) {
                if (seen) {
                    throw invalid("it has two lists of entries");
                }
                seen = true;
                list(json);
            } else {
                json.skipChildren();
            }
        }
        if (version != 1) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED, what + " has version " + version + "; this program reads version 1");
        }
    }

    private void list(JsonParser json) {
        for (JsonToken token = json.nextToken(); token != JsonToken.END_ARRAY; token = json.nextToken()) {
            if (token != JsonToken.START_OBJECT) {
                throw invalid("entry " + items + " is not an object");
            }
            if (++items > TarFormat.MAX_ENTRIES) {
                throw invalid("it has more than " + TarFormat.MAX_ENTRIES + " entries, the limit");
            }
            entries.add(item(json));
        }
    }

    private TocItem item(JsonParser json) {
        TocItem item = new TocItem();
        for (String key = json.nextName(); key != null; key = json.nextName()) {
            JsonToken token = json.nextToken();
            TocItem.Field field = TocItem.Field.of(key);
            if (field == null) {
                json.skipChildren();
                continue;
            }
            boolean fits = switch (token) {
                case VALUE_NULL -> true;
                case VALUE_STRING -> item.set(field, text(json));
                case VALUE_NUMBER_INT -> item.set(field, json.getLongValue());
                case START_OBJECT -> field == TocItem.Field.XATTRS && attributes(json, item);
                default -> false;
            };
            if (!fits) {
                throw invalid("field '" + key + "' of entry '" + TocEntries.shown(item) + "' (number " + items
                        + ") is a " + token + ", which it cannot be");
            }
        }
        return item;
    }

    private boolean attributes(JsonParser json, TocItem item) {
        for (String key = json.nextName(); key != null; key = json.nextName()) {
            JsonToken token = json.nextToken();
            if (token != JsonToken.VALUE_STRING && token != JsonToken.VALUE_NULL) {
                return false;
            }
            item.xattrs.put(key, token == JsonToken.VALUE_NULL ? "" : text(json));
        }
        return true;
    }

    /// JSON can say halves of characters, which are no names.
    private String text(JsonParser json) {
        String text = json.getString();
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                boolean pair = Character.isHighSurrogate(text.charAt(i))
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!pair) {
                    throw invalid("entry number " + items + " holds half a character");
                }
                i++;
            }
        }
        return text;
    }

    private ImageException invalid(String fault) {
        return new ImageException(
                ErrorKind.INVALID, what + " is not valid: " + fault + ". Convert the image again with another tool");
    }
}
