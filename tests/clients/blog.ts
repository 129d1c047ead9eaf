// What a TypeScript program does with the types that openapi-typescript made of final's OpenAPI; prints JSON.
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [url, picture] = process.argv.slice(2);
const photo = () => new Blob([readFileSync(picture)], { type: "image/png" });
const form = (name: string, many: number) => {
  const made = new FormData();
  for (let one = 0; one < many; one++) made.append(name, photo(), "photo.png");
  return made;
};
const client = createClient<paths>({ baseUrl: url });
const ada = { email: "ada@example.com", password: "correct horse battery" };
const { data: user } = await client.POST("/auth/register", { body: { name: "Ada", ...ada } });
const { data: token } = await client.POST("/auth/login", { body: ada });
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${token?.access_token}`);
    return request;
  },
});
const { data: post } = await client.POST("/posts", { body: { title: "Hello", content: "World" } });
const one = { body: { file: "" }, bodySerializer: () => form("file", 1) };
const { data: stored } = await client.POST("/uploads/image", one);
const two = { body: { files: [] }, bodySerializer: () => form("files", 2) };
const { data: several } = await client.POST("/uploads/multiple", two);
const missing = await client.GET("/posts/{post_id}", { params: { path: { post_id: 999 } } });
const bad = { body: { name: "Ada", email: "nope", password: "x" } };
const refused = await client.POST("/auth/register", bad);
const gone = await client.DELETE("/posts/{post_id}", { params: { path: { post_id: post?.id ?? 0 } } });
console.log(
  JSON.stringify({
    user,
    post,
    stored,
    several: several?.uploaded,
    missing: missing.error,
    refused: refused.error?.errors?.map(({ field }) => field),
    gone: gone.response.status,
  }),
);
