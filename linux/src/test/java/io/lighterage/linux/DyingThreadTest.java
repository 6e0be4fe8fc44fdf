package io.lighterage.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DyingThreadTest {
    @Test
    void onlyADyingThreadIsTakenForOne() {
        assertThat(DyingThread.isKilled("Name:\tcat\nSigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n"))
                .isTrue();
        assertThat(DyingThread.isKilled("SigPnd:\t0000000000000000\nShdPnd:\t0000000000010200\n"))
                .isFalse();
    }

    @Test
    void aLivingProcessIsNotDyingAndOneThatIsGoneIs() throws Exception {
        Process process = new ProcessBuilder("sleep", "60").start();
        assertThat(DyingThread.isKilled((int) process.pid())).isFalse();
        process.destroyForcibly().waitFor();
        assertThat(DyingThread.isKilled((int) process.pid())).isTrue();
        assertThat(DyingThread.isKilled(0)).isFalse();
    }
}
