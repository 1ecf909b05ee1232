/// Room for what one read gives; freed with its last owner, even one that never came to be.
final class ReadBuffer {
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

  deinit { bytes.deallocate() }
}
