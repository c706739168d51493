import subprocess
import sys


def test_inference_does_not_import_tensorflow() -> None:
    program = (
        "import sys\n"
        "from PIL import Image\n"
        "from core.i18n.translations import Language\n"
        "from core.settings import Settings\n"
        "from core.vision.classifier import load_classifier\n"
        "from core.services.heatmaps import encode_heatmap_jpeg\n"
        "image = Image.new('RGB', (300, 400))\n"
        "verdict = load_classifier(Settings()).classify(image)\n"
        "encode_heatmap_jpeg(image, verdict, Language.EN)\n"
        "print(sorted({'tensorflow', 'keras', 'matplotlib', 'sklearn', 'torch'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""
