package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.BLOCK;

import io.lighterage.remotesnapshotter.erofs.ErofsInode.Extent;
import io.lighterage.remotesnapshotter.erofs.ErofsInode.Inside;
import io.lighterage.remotesnapshotter.erofs.ErofsInode.Node;
import io.lighterage.stargz.RawName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Writes what a plan says, from the first byte to the last; holds one inode or block at a time.
final class ErofsEncoder {
    private final ErofsPlan plan;
    private final ErofsTree tree;
    private final ErofsOutput out;
    private final ByteBuffer core = ByteBuffer.allocate(ErofsFormat.INODE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private long nextBlock;

    private ErofsEncoder(ErofsPlan plan, ErofsOutput out) {
        this.plan = plan;
        this.tree = plan.tree();
        this.out = out;
        nextBlock = plan.firstBlock();
    }

    /// @param out at the place behind the digest
    static void write(ErofsPlan plan, ErofsOutput out) throws IOException {
        ErofsEncoder encoder = new ErofsEncoder(plan, out);
        out.put(plan.header().encode().position(ErofsFormat.COVERED));
        for (int position = 0; position < plan.count(); position++) {
            encoder.inode(position);
        }
        out.zerosTo(plan.firstBlock() * BLOCK);
        for (int position = 0; position < plan.count(); position++) {
            if (plan.mayHold(plan.inode(position))) {
                encoder.blocks(plan.inode(position));
            }
        }
        out.flush();
    }

    private void inode(int position) throws IOException {
        int inode = plan.inode(position);
        InodeShape shape = plan.shape(inode);
        out.zerosTo(plan.offset(inode));
        out.put(core(shape, position));
        out.put(XattrArea.encode(shape.xattrs(), shape.xattrBytes()));
        if (shape.inode().body() instanceof Extent extent) {
            out.put(chunk(extent));
        }
        nextBlock += shape.blocks();
        if (shape.tail() > 0) {
            held(inode, shape, (block, last) -> {
                if (last) {
                    out.put(block);
                }
            });
        }
    }

    private ByteBuffer core(InodeShape shape, int position) {
        ErofsInode inode = shape.inode();
        int inBlocks = shape.tail() > 0 ? ErofsFormat.WITH_TAIL : ErofsFormat.PLAIN;
        int layout = shape.isOnDevice() ? ErofsFormat.IN_CHUNKS : inBlocks;
        core.clear();
        core.putShort((short) (ErofsFormat.LONG_INODE | layout << ErofsFormat.LAYOUT_SHIFT));
        core.putShort((short) XattrArea.count(shape.xattrBytes()));
        core.putShort((short) inode.mode()).putShort((short) 0);
        core.putLong(shape.size());
        core.putInt((int) place(shape)).putInt(position + 1);
        core.putInt((int) inode.uid()).putInt((int) inode.gid());
        core.putLong(inode.modifySeconds()).putInt(inode.modifyNanos());
        core.putInt((int) inode.links());
        core.putLong(0).putLong(0);
        return core.flip();
    }

    private long place(InodeShape shape) {
        return switch (shape.inode().body()) {
            case Extent _ ->
                ErofsFormat.CHUNKS_HAVE_DEVICES
                        | ErofsFormat.chunkBits(shape.inode().size());
            case Node(int major, int minor) -> ErofsFormat.device(major, minor);
            case Inside _ -> shape.blocks() > 0 ? nextBlock : 0;
        };
    }

    private ByteBuffer chunk(Extent extent) throws IOException {
        out.zerosTo(ErofsFormat.roundUp(out.position(), ErofsFormat.CHUNK_BYTES));
        core.clear();
        core.putShort((short) 0).putShort((short) (extent.device() + 1));
        return core.putInt((int) (extent.offset() >>> ErofsFormat.BLOCK_BITS)).flip();
    }

    private void blocks(int inode) throws IOException {
        InodeShape shape = plan.shape(inode);
        if (shape.blocks() > 0) {
            held(inode, shape, (block, last) -> {
                if (!last || shape.tail() == 0) {
                    out.put(block);
                    out.zerosTo(ErofsFormat.roundUp(out.position(), BLOCK));
                }
            });
        }
    }

    /// Gives what an inode holds, in blocks.
    private void held(int inode, InodeShape shape, DirectoryBlocks.Target target) throws IOException {
        if (shape.inode().isSymlink()) {
            target.take(ByteBuffer.wrap(tree.target(inode).toBytes()), true);
            return;
        }
        DirectoryBlocks blocks = new DirectoryBlocks(target);
        try {
            DirectoryEntries.list(tree, inode, plan.parent(inode), (name, child) -> add(blocks, name, child));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        blocks.end();
    }

    private void add(DirectoryBlocks blocks, RawName name, int child) {
        try {
            blocks.add(name, plan.number(child), plan.type(child));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
