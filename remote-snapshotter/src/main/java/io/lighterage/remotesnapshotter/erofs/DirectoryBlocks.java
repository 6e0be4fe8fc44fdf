package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.BLOCK;
import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.DIRENT;

import io.lighterage.stargz.RawName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Packs the entries of one directory into blocks: as many as fit, then the next block.
final class DirectoryBlocks {
    private final Target target;
    private final RawName[] names = new RawName[BLOCK / DIRENT];
    private final long[] inodes = new long[names.length];
    private final byte[] types = new byte[names.length];
    private final Size size = new Size();
    private int count;

    /// Given blocks one after another.
    interface Target {
        /// @param last whether it is the last one; all others are 4096 bytes long
        void take(ByteBuffer block, boolean last) throws IOException;
    }

    DirectoryBlocks(Target target) {
        this.target = target;
    }

    /// How long a directory is, known from its names alone.
    static final class Size {
        private long full;
        private int used;

        /// @return whether a block was full and the name begins the next one
        boolean add(RawName name) {
            int needed = DIRENT + name.length();
            boolean next = used + needed > BLOCK;
            if (next) {
                full++;
                used = 0;
            }
            used += needed;
            return next;
        }

        long bytes() {
            return full * BLOCK + used;
        }
    }

    void add(RawName name, long inode, int type) throws IOException {
        int before = size.used;
        if (size.add(name)) {
            target.take(block(before).clear(), false);
            count = 0;
        }
        names[count] = name;
        inodes[count] = inode;
        types[count++] = (byte) type;
    }

    void end() throws IOException {
        target.take(block(size.used), true);
    }

    /// @return a block with its limit at the end of the last name
    private ByteBuffer block(int used) {
        ByteBuffer block = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        int nameAt = count * DIRENT;
        for (int i = 0; i < count; i++) {
            block.putLong(inodes[i]).putShort((short) nameAt).put(types[i]).put((byte) 0);
            byte[] name = names[i].toBytes();
            block.put(nameAt, name);
            nameAt += name.length;
        }
        return block.rewind().limit(used);
    }
}
