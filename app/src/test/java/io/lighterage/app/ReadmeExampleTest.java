package io.lighterage.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.app.demo.SampleImage;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The Java of the README, as it stands there.
class ReadmeExampleTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @TempDir
    Path folder;

    @Test
    void theJavaOfTheReadmePullsAndUnpacks() throws Exception {
        Matcher block = BLOCK.matcher(Files.readString(Repository.top().resolve("README.md")));
        assertThat(block.find()).as("README.md has a Java block").isTrue();
        Path source = Files.writeString(folder.resolve("ReadmeExample.java"), block.group(1));
        int compiled = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        folder.toString(),
                        source.toString());
        assertThat(compiled).isZero();
        Path layout = folder.resolve("layout");
        SampleImage.write(layout, Files.createDirectory(folder.resolve("work")));
        try (MirrorServer mirror = MirrorServer.start(MirrorOptions.defaults(), new LayoutUpstream("sample", layout));
                URLClassLoader loader =
                        new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            String[] args = {
                mirror.hostPort() + "/sample:latest",
                folder.resolve("root").toString(),
                folder.resolve("tree").toString()
            };
            loader.loadClass("ReadmeExample").getMethod("main", String[].class).invoke(null, (Object) args);
        }
        assertThat(folder.resolve("tree")).isNotEmptyDirectory();
    }
}
