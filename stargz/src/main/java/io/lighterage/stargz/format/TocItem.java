package io.lighterage.stargz.format;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One item of a table of contents, as it stands there. What is absent is empty or 0.
final class TocItem {
    String name = "";
    String type = "";
    String linkName = "";
    String modifyTime = "";
    String digest = "";
    String chunkDigest = "";
    String chunkType = "";
    long size;
    long mode;
    long uid;
    long gid;
    long deviceMajor;
    long deviceMinor;
    long offset;
    long innerOffset;
    long endOffset;
    long chunkOffset;
    long chunkSize;
    long prefetch;
    final Map<String, String> xattrs = new LinkedHashMap<>();

    /// The fields that mean something to us. Keys count in any case of letters, as they do to Go.
    enum Field {
        NAME("name"),
        TYPE("type"),
        LINK_NAME("linkName"),
        MODIFY_TIME("modtime"),
        DIGEST("digest"),
        CHUNK_DIGEST("chunkDigest"),
        CHUNK_TYPE("chunkType"),
        SIZE("size"),
        MODE("mode"),
        UID("uid"),
        GID("gid"),
        DEVICE_MAJOR("devMajor"),
        DEVICE_MINOR("devMinor"),
        OFFSET("offset"),
        INNER_OFFSET("innerOffset"),
        END_OFFSET("endOffset"),
        CHUNK_OFFSET("chunkOffset"),
        CHUNK_SIZE("chunkSize"),
        PREFETCH("prefetch"),
        XATTRS("xattrs");

        private static final Map<String, Field> BY_KEY = new HashMap<>();

        static {
            for (Field field : values()) {
                BY_KEY.put(field.key, field);
                BY_KEY.put(field.key.toLowerCase(Locale.ROOT), field);
            }
        }

        private final String key;

        Field(String key) {
            this.key = key;
        }

        static @Nullable Field of(String key) {
            Field field = BY_KEY.get(key);
            return field != null ? field : BY_KEY.get(key.toLowerCase(Locale.ROOT));
        }
    }

    /// @return false when the field is not a text
    boolean set(Field field, String value) {
        switch (field) {
            case NAME -> name = value;
            case TYPE -> type = value;
            case LINK_NAME -> linkName = value;
            case MODIFY_TIME -> modifyTime = value;
            case DIGEST -> digest = value;
            case CHUNK_DIGEST -> chunkDigest = value;
            case CHUNK_TYPE -> chunkType = value;
            default -> {
                return false;
            }
        }
        return true;
    }

    /// @return false when the field is not a number
    boolean set(Field field, long value) {
        switch (field) {
            case SIZE -> size = value;
            case MODE -> mode = value;
            case UID -> uid = value;
            case GID -> gid = value;
            case DEVICE_MAJOR -> deviceMajor = value;
            case DEVICE_MINOR -> deviceMinor = value;
            case OFFSET -> offset = value;
            case INNER_OFFSET -> innerOffset = value;
            case END_OFFSET -> endOffset = value;
            case CHUNK_OFFSET -> chunkOffset = value;
            case CHUNK_SIZE -> chunkSize = value;
            case PREFETCH -> prefetch = value;
            default -> {
                return false;
            }
        }
        return true;
    }
}
