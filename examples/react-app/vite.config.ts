import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// While developing, pages come from Vite and questions go to the back end, as they do when both are one server.
export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/api": process.env.BACK_END ?? "http://127.0.0.1:3000" } },
});
