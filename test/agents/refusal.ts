/** The text of the error that `body` must end with. */
export async function refusal(body: () => unknown): Promise<string> {
  try {
    await body();
  } catch (error) {
    return String(error);
  }
  throw new Error("test: it must be refused; got no error.");
}
