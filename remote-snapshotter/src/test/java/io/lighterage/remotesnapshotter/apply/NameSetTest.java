package io.lighterage.remotesnapshotter.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.stargz.RawName;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NameSetTest {
    @Test
    void agreesWithASetOfTheLibrary() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        NameSet names = new NameSet(seed);
        Set<RawName> reference = new HashSet<>();
        for (int i = 0; i < 50_000; i++) {
            byte[] name = new byte[1 + random.nextInt(3)];
            random.nextBytes(name);
            RawName key = RawName.of(name);
            if (random.nextBoolean()) {
                assertThat(names.add(name)).as("seed %d, add %s", seed, key).isEqualTo(reference.add(key));
            } else {
                assertThat(names.contains(name))
                        .as("seed %d, find %s", seed, key)
                        .isEqualTo(reference.contains(key));
            }
        }
    }

    @Test
    void longNamesAreKeptExactly() {
        NameSet names = new NameSet(3);
        byte[] name = new byte[255];
        assertThat(names.add(name)).isTrue();
        name[254] = 1;
        assertThat(names.contains(name)).isFalse();
        assertThat(names.contains(new byte[254])).isFalse();
        assertThat(names.contains(new byte[255])).isTrue();
    }
}
