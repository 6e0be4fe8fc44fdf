package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.ContentStoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

final class LocalContentContractTest extends ContentStoreContract {
    @TempDir
    Path root;

    private LocalStore store;

    @BeforeEach
    void open() {
        store = Bytes.open(root);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Override
    protected ContentStore content() {
        return store.namespace("default").content();
    }
}
