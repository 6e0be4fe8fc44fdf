package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountedImageTest {
    @TempDir
    Path scratch;

    @BeforeEach
    void begin() {
        Images.assumeErofs();
    }

    @AfterEach
    void end() throws IOException {
        Images.clean(scratch);
    }

    @Test
    void aFileCanBeRead() throws Exception {
        Images.Image image = Images.write(tarOf(file("d/f", "hello")), scratch.resolve("image"));
        assertThat(Images.fsck(image)).contains("No errors found");
        try (ErofsMount mount = Images.mount(image, scratch.resolve("mount"))) {
            assertThat(mount.at().resolve("d/f")).hasContent("hello");
        }
    }
}
