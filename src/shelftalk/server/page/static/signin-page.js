import { signInForm } from "./signin.js";

document.getElementById("signin").append(signInForm(() => location.reload()));
