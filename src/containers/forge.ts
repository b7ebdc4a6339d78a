/** The package's types leave out its password-based encryption and say nothing of passwords that are not there. */
interface Forge {
  readonly asn1: { fromDer(der: string): unknown }
  readonly util: { createBuffer(text: string): unknown }
  readonly md: Record<
    'sha1' | 'sha256' | 'sha384' | 'sha512',
    { create(): { readonly digestLength: number } }
  >
  readonly pkcs12: {
    generateKey(
      password: string | null,
      salt: unknown,
      id: 3,
      rounds: number,
      length: number,
      md: unknown,
    ): { getBytes(): string }
  }
  readonly pki: {
    readonly pbe: {
      getCipher(
        oid: string,
        parameters: unknown,
        password: string | null,
      ): { update(input: unknown): void; finish(): boolean; readonly output: { getBytes(): string } }
    }
  }
}

/** What only old files need, and some new ones: loaded when the first asks for it. */
export async function loadForge(): Promise<Forge> {
  const { default: forge } = await import('node-forge')
  return forge as unknown as Forge
}

/** Bytes as the library has them: text of one character each. */
export const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
